// Records fixtures/wire/delta-heads.json and delta-tokens.json from the stock client and daemon:
//   node test/protocol/delta/vectors.mjs
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import { pathToFileURL } from "node:url";
import { inProject } from "../../support/command.mjs";
import { recordSession } from "../../support/record.mjs";
import {
  clientData,
  serverData,
  takeEntries,
  unframe,
  WireReader,
} from "../../support/wire-reader.mjs";

const version = "3.5.0";
const fixed = ["--cc=md5", "--checksum-seed=12345"];
const transfer = 0x8000;

/**
 * What a file of the fixtures holds: slices of one long text, the SHA-256 of "0", "1", … in hex.
 *
 * @param {readonly (readonly [number, number])[]} slices from and to
 * @returns {Buffer}
 */
export function contentOf(slices) {
  const last = Math.max(0, ...slices.map(([, to]) => to));
  const hashes = Array.from({ length: Math.ceil(last / 64) }, (_, i) =>
    createHash("sha256").update(`${i}`).digest("hex"),
  );
  const text = Buffer.from(hashes.join(""));
  return Buffer.concat(slices.map(([from, to]) => text.subarray(from, to)));
}

async function withSource(use) {
  const source = fs.mkdtempSync(`${os.tmpdir()}/sersync-vectors-`);
  try {
    return await use(source);
  } finally {
    fs.rmSync(source, { recursive: true });
  }
}

const squares = [700, 704, 712, 1000, 1024, 4096].map((root) => root ** 2);
const smallSizes = [1, 2, 699, 700, 701, 1399, 1400, 1401, 10_000, 123_456];
const largeSizes = [500_000, 5_000_000, 50_000_000, 99_999_999, 2 ** 28, 10 ** 9, 2 ** 31 + 1];
const sizes = [
  ...smallSizes,
  ...squares.flatMap((square) => [square - 1, square, square + 1]),
  ...largeSizes,
];

/** What a daemon of protocol 29 said in data frames; there is no compatibility value before them. */
function oldServerData(exchange) {
  const said = exchange.filter(({ side }) => side === "S").map(({ bytes }) => bytes);
  const reader = new WireReader(Buffer.concat(said));
  reader.takeThrough("@RSYNCD: OK\n");
  reader.take(4);
  return unframe(reader);
}

/** One item after the other, up to the end of the first phase; `take` reads what a transfer has. */
function takeItems(reader, protocol, take) {
  const taken = [];
  for (;;) {
    const index = protocol < 30 ? reader.take(4) : reader.takeIndex();
    if (index.equals(Buffer.alloc(1)) || index.equals(Buffer.alloc(4, 0xff))) return taken;
    if ((reader.take(2).readUInt16LE() & transfer) !== 0) taken.push(take(reader));
  }
}

function takeRequest(reader) {
  const start = reader.position;
  const head = reader.take(16);
  reader.take(head.readInt32LE(0) * (4 + head.readInt32LE(8)));
  return reader.since(start);
}

async function heads(protocol) {
  const prepare = (source, destination) => {
    for (const size of sizes) {
      fs.writeFileSync(`${source}/${size}`, "x");
      fs.writeFileSync(`${destination}/${size}`, "");
      fs.truncateSync(`${destination}/${size}`, size);
    }
  };
  const options = ["-rI", "--no-i-r", "--checksum-seed=12345", `--protocol=${protocol}`];
  if (protocol >= 30) options.push("--cc=md5");
  const { exchange } = await recordSession(version, { options, prepare });
  const reader = protocol < 30 ? oldServerData(exchange) : serverData(exchange);
  const bytes = takeItems(reader, protocol, takeRequest).map((request) => request.subarray(0, 16));
  return { protocol, heads: bytes.map((head) => head.toString("hex")) };
}

const files = [
  { name: "appended", basis: [[0, 9000]], file: [[0, 14_000]] },
  { name: "cut", basis: [[0, 9001]], file: [[0, 5000]] },
  {
    name: "inserted",
    basis: [[0, 30_000]],
    file: [
      [0, 5000],
      [40_000, 40_003],
      [5000, 30_000],
    ],
  },
  {
    name: "moved",
    basis: [[0, 30_000]],
    file: [
      [14_000, 30_000],
      [0, 14_000],
    ],
  },
  {
    name: "replaced",
    basis: [[0, 30_000]],
    file: [
      [0, 1000],
      [50_000, 51_000],
      [2000, 12_000],
      [60_000, 61_000],
      [3000, 3600],
      [13_000, 30_000],
    ],
  },
  { name: "same", basis: [[0, 10_000]], file: [[0, 10_000]] },
  { name: "tail", basis: [[0, 1500]], file: [[700, 1500]] },
  { name: "whole", basis: [[0, 5000]], file: [[50_000, 60_000]] },
];

function prepareFiles(source, destination) {
  for (const { name, basis, file } of files) {
    fs.writeFileSync(`${destination}/${name}`, contentOf(basis));
    fs.writeFileSync(`${source}/${name}`, contentOf(file));
  }
}

/** The length of a token and what belongs to it; 0 ends a file. */
const takeToken = {
  plain(reader) {
    const token = reader.take(4).readInt32LE();
    if (token > 0) reader.take(token);
    return token;
  },
  compressed(reader) {
    const flag = reader.take(1)[0];
    if (flag === 0x20 || flag === 0x21) reader.take(4);
    if (flag === 0x21 || flag >= 0xc0) reader.take(2);
    if (flag >= 0x40 && flag < 0x80) reader.take(((flag & 0x3f) << 8) | reader.take(1)[0]);
    return flag;
  },
};

function takeTokens(reader, take) {
  reader.take(16);
  const start = reader.position;
  while (take(reader) !== 0);
  const tokens = reader.since(start);
  reader.take(16);
  return tokens;
}

function tokens(compression) {
  const choice = compression === "plain" ? [] : [`--zc=${compression}`];
  const session = { options: ["-rI", "--no-i-r", ...fixed, ...choice], prepare: prepareFiles };
  return withSource(async (source) => {
    const { exchange } = await recordSession(version, { ...session, source });
    const answers = clientData(exchange);
    takeEntries(answers, { root: source });
    const take = takeToken[compression === "plain" ? "plain" : "compressed"];
    return {
      requests: takeItems(serverData(exchange), 32, takeRequest),
      answers: takeItems(answers, 32, (reader) => takeTokens(reader, take)),
    };
  });
}

async function tokenVectors() {
  const recorded = {};
  for (const kind of ["plain", "zlib", "zlibx", "zstd", "lz4"]) recorded[kind] = await tokens(kind);
  return files.map((file, i) => ({
    ...file,
    request: recorded.plain.requests[i].toString("hex"),
    ...Object.fromEntries(
      Object.entries(recorded).map(([kind, { answers }]) => [kind, answers[i].toString("hex")]),
    ),
  }));
}

function save(name, vectors) {
  const text = JSON.stringify({ rsync: version, ...vectors }, null, 1);
  fs.writeFileSync(inProject("fixtures/wire", `${name}.json`), `${text}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  save("delta-heads", { protocols: [await heads(29), await heads(32)] });
  save("delta-tokens", { files: await tokenVectors() });
}
