// Speed of the block search: WebAssembly kernel and TypeScript twin in turn, on the same files.
//   npm run build && node test/bench/delta.mjs [--dist DIR] [--rounds N]
// MB/s of the source file per second of CPU, best of all rounds. On a busy machine the ratios hold.
import { randomBytes } from "node:crypto";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    dist: { type: "string", default: "dist" },
    rounds: { type: "string", default: "40" },
    megabytes: { type: "string", default: "4" },
  },
});
const load = (name) => import(pathToFileURL(`${values.dist}/protocol/${name}.js`).href);
const [{ BlockMatcher }, { PlainKernel }, { openKernel }] = await Promise.all([
  load("delta/match"),
  load("delta/kernel"),
  load("delta/wasm-kernel"),
]);
const [{ BlockSums }, { chooseBlockLength, chooseStrongLength }, { loadStrongChecksum }] =
  await Promise.all([load("delta/sums"), load("delta/block-size"), load("delta/strong")]);
const [{ weakSum }, { Cursor }, { Writer }] = await Promise.all([
  load("delta/rolling"),
  load("wire/cursor"),
  load("wire/writer"),
]);

const strong = await loadStrongChecksum("xxh64", 12345, { seedFix: true });
const size = Number(values.megabytes) * 1024 * 1024;
const basis = randomBytes(size);

function describeBasis(blockLength) {
  const strongLength = chooseStrongLength(size, blockLength, strong.length);
  const writer = new Writer(1024 * 1024);
  const signed = new Int8Array(basis.buffer, basis.byteOffset, basis.length);
  for (let at = 0; at < size; at += blockLength) {
    const end = Math.min(at + blockLength, size);
    writer.int32(weakSum(signed, at, end));
    writer.bytes(strong.block(basis.subarray(at, end)).subarray(0, strongLength));
  }
  const count = Math.ceil(size / blockLength);
  const remainder = size % blockLength;
  const head = { count, blockLength, strongLength, announcedStrongLength: strongLength, remainder };
  const sums = new BlockSums(head);
  sums.read(new Cursor(writer.take()));
  return sums;
}

function editedEvery(distance) {
  const file = Buffer.from(basis);
  for (let at = 1000; at + 4096 < size; at += distance) randomBytes(4096).copy(file, at);
  return file;
}

const blockLength = chooseBlockLength(size, 32);
const half = size / 2;
const files = {
  unchanged: basis,
  "1 MB inserted": Buffer.concat([
    basis.subarray(0, half),
    randomBytes(2 ** 20),
    basis.subarray(half),
  ]),
  "4 KB edit each 160 KB": editedEvery(160 * 1024),
  "4 KB edit each 16 KB": editedEvery(16 * 1024),
  "nothing in common": randomBytes(size),
};
const kernels = {
  wasm: openKernel,
  plain: (kernelSize) => new PlainKernel(kernelSize),
};

function search(file, sums, kernel) {
  let literal = 0;
  const emit = {
    literal: (bytes) => {
      literal += bytes.length;
    },
    match: () => undefined,
  };
  const matcher = new BlockMatcher(sums, strong, emit, { kernel });
  for (let at = 0; at < file.length; at += 256 * 1024) {
    matcher.feed(file.subarray(at, at + 256 * 1024));
  }
  matcher.finish();
  return literal;
}

function compare(name, file, sums) {
  const best = { wasm: Infinity, plain: Infinity };
  const literals = new Set();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [kind, kernel] of Object.entries(kernels)) {
      const before = process.cpuUsage();
      literals.add(search(file, sums, kernel));
      const { user, system } = process.cpuUsage(before);
      best[kind] = Math.min(best[kind], user + system);
    }
  }
  if (literals.size !== 1) throw new Error(`${name}: the kernels disagree`);
  const speed = (kind) => (file.length / best[kind]).toFixed(0).padStart(6);
  const ratio = (best.plain / best.wasm).toFixed(2);
  console.log(
    `${name.padEnd(24)} wasm ${speed("wasm")}  plain ${speed("plain")} MB/s  ratio ${ratio}  literal ${[...literals][0]}`,
  );
}

for (const length of [blockLength, 700]) {
  const sums = describeBasis(length);
  console.log(`${values.megabytes} MiB, ${sums.kept} blocks of ${length}`);
  for (const [name, file] of Object.entries(files)) compare(name, file, sums);
}
