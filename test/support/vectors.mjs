import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { inProject } from "./command.mjs";
import { recordSession } from "./record.mjs";
import { clientData, serverData, takeEntries } from "./wire-reader.mjs";

const version = "3.5.0";
const fixed = ["--cc=md5", "--checksum-seed=1"];

/** Pushes a tree made by `prepare` and hands the recording and the tree to `extract`. */
async function withSession({ options, prepare, prepareTarget }, extract) {
  const source = fs.mkdtempSync(`${os.tmpdir()}/sersync-vectors-`);
  try {
    prepare(source);
    const session = { options, source, prepare: (_, target) => prepareTarget?.(target) };
    return extract(await recordSession(version, session), source);
  } finally {
    fs.rmSync(source, { recursive: true });
  }
}

/** The entries that a dry run lists of the tree made by `prepare`. */
function listedEntries(options, prepare) {
  const session = { options: ["-rn", "--no-i-r", ...fixed, ...options], prepare };
  return withSession(session, ({ exchange }, root) => takeEntries(clientData(exchange), { root }));
}

const vector = (value, bytes) => ({ value, bytes: bytes.toString("hex") });

function seconds({ mtimeNs }) {
  return Number(mtimeNs / 1_000_000_000n);
}

const ids = [1, 127, 128, 255, 256, 1000, 16_383, 16_384, 65_535, 2_097_151, 2_097_152];
const largeIds = [268_435_455, 268_435_456, 2_147_483_647, 4_294_967_290];

/** Numbers of users; the wire takes those above 2^31 for negative. */
async function varints() {
  const entries = await listedEntries(["-o", "--numeric-ids"], (source) => {
    for (const id of [...ids, ...largeIds]) {
      fs.writeFileSync(`${source}/${id}`, "");
      fs.chownSync(`${source}/${id}`, id, 0);
    }
  });
  const owned = entries.filter(({ fields }) => fields.uid !== undefined);
  return owned.map(({ found, fields }) => vector(Number(found.uid) | 0, fields.uid));
}

const sizes = [8, 16, 23, 24, 31, 32, 40, 43].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);

async function sizeVarlongs() {
  const entries = await listedEntries(["-t"], (source) => {
    for (const size of [0, 1, 6, 4096, ...sizes]) {
      fs.writeFileSync(`${source}/${size}`, "");
      fs.truncateSync(`${source}/${size}`, size);
    }
  });
  const files = entries.filter(({ found }) => found.isFile());
  return files.map(({ found, fields }) => vector(Number(found.size), fields.size));
}

const times = [-2_147_483_648, -60, -1, 1, 65_536, 16_777_216, 1_704_164_645, 2_147_483_647];
const lateTimes = [2_147_483_648, 4_294_967_295, 4_294_967_296, 8_589_934_592];

async function timeVarlongs() {
  const entries = await listedEntries(["-t"], (source) => {
    for (const time of [...times, ...lateTimes]) {
      fs.writeFileSync(`${source}/${time}`, "");
      // Node takes a negative number for "now", but not a date before 1970.
      fs.utimesSync(`${source}/${time}`, new Date(time * 1000), new Date(time * 1000));
    }
  });
  const timed = entries.filter(({ found, fields }) => fields.mtime !== undefined && found.isFile());
  return timed.map(({ found, fields }) => vector(seconds(found), fields.mtime));
}

const wantedIndices = [1, 2, 255, 509, 1000, 34_000, 34_001, 34_256, 39_999, 40_000];

function numberedFiles(directory, isPresent) {
  for (let index = 1; index <= 40_000; index += 1) {
    const name = String(index).padStart(5, "0");
    if (isPresent(index)) fs.writeFileSync(`${directory}/${name}`, "");
  }
}

/** The daemon asks for those of 40,000 files that it has not. */
function positiveIndices() {
  const session = {
    options: ["-r", "--no-i-r", "--size-only", ...fixed],
    prepare: (source) => numberedFiles(source, () => true),
    prepareTarget: (target) => numberedFiles(target, (index) => !wantedIndices.includes(index)),
  };
  return withSession(session, ({ exchange }) => {
    const requests = serverData(exchange);
    return wantedIndices.map((index) => {
      const bytes = requests.takeIndex();
      requests.take(2 + 16); // what about it, and an empty block list
      return vector(index, bytes);
    });
  });
}

/** The client sends one further list for each directory, and says when there are no more. */
function negativeIndices() {
  const prepare = (source) => {
    for (const name of ["a", "b", "c"]) fs.mkdirSync(`${source}/${name}`);
  };
  return withSession({ options: ["-rn", ...fixed], prepare }, ({ exchange }, root) => {
    const lists = clientData(exchange);
    let previous = takeEntries(lists, { root }).at(-1).name;
    const subLists = [-102, -103, -104].map((index) => {
      const bytes = lists.takeIndex();
      previous = takeEntries(lists, { root, previous }).at(-1)?.name ?? previous;
      return vector(index, bytes);
    });
    return [...subLists, vector(-2, lists.takeIndex())];
  });
}

function richTree(source) {
  const write = (name, content, mode) => fs.writeFileSync(`${source}/${name}`, content, { mode });
  fs.mkdirSync(`${source}/dir`, { mode: 0o700 });
  write("dir/one", "1", 0o600);
  write("dir/one more", "2", 0o755);
  fs.writeFileSync(Buffer.from(`${source}/caf\xe9\n*`, "latin1"), "bytes");
  fs.symlinkSync("no where", `${source}/link`);
  execFileSync("mkfifo", [`${source}/fifo`]);
  execFileSync("mknod", [`${source}/null`, "c", "1", "3"]);
  write("a".repeat(255), "", 0o644);
  write("owned", "", 0o644);
  fs.chownSync(`${source}/owned`, 1000, 70_000);
  fs.utimesSync(`${source}/owned`, 1_704_164_645, 1_704_164_645);
  fs.utimesSync(`${source}/dir/one`, 1_704_164_645, 1_704_164_645.25);
}

function describeEntry(root, { name, found, bytes }) {
  const at = Buffer.from(`${root}/${name}`, "latin1");
  return {
    bytes: bytes.toString("hex"),
    path: name,
    mode: Number(found.mode),
    size: Number(found.size),
    mtimeSeconds: seconds(found),
    mtimeNanoseconds: Number(found.mtimeNs % 1_000_000_000n),
    uid: Number(found.uid),
    gid: Number(found.gid),
    ...(found.isSymbolicLink() ? { linkTarget: fs.readlinkSync(at, "latin1") } : {}),
    ...(found.isCharacterDevice() ? { device: { major: 1, minor: 3 } } : {}),
  };
}

async function fileList(protocol, options) {
  const session = {
    options: ["-n", "--no-i-r", ...fixed, `--protocol=${protocol}`, ...options],
    prepare: richTree,
  };
  const devices = options.includes("-a");
  const entries = await withSession(session, ({ exchange }, root) =>
    takeEntries(clientData(exchange), { root, devices }).map((entry) => describeEntry(root, entry)),
  );
  return { protocol, options, entries };
}

function save(name, vectors) {
  const text = JSON.stringify({ rsync: version, ...vectors }, null, 1);
  fs.writeFileSync(inProject("fixtures/wire", `${name}.json`), `${text}\n`);
}

save("varint", { vectors: await varints() });
save("varlong", { sizes: await sizeVarlongs(), times: await timeVarlongs() });
save("file-index", { positive: await positiveIndices(), negative: await negativeIndices() });
save("file-list", {
  lists: [
    await fileList(32, ["-a", "--numeric-ids"]),
    await fileList(31, ["-rlt"]),
    await fileList(30, ["-rltgo", "--numeric-ids"]),
  ],
});
