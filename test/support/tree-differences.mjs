import { createHash } from "node:crypto";
import fs from "node:fs";

function native(root, at) {
  return Buffer.concat([Buffer.from(root), Buffer.from(at === "" ? "" : `/${at}`, "latin1")]);
}

function readEntry(file, contents) {
  const stats = fs.lstatSync(file, { bigint: true });
  const { mtimeNs } = stats;
  const mtimeSeconds = mtimeNs / 1_000_000_000n;
  const owner = `${stats.uid}:${stats.gid}`;
  const mode = (stats.mode & 0o7777n).toString(8);
  if (stats.isSymbolicLink()) {
    return { type: "symlink", mtimeSeconds, owner, target: fs.readlinkSync(file, "latin1") };
  }
  if (stats.isDirectory()) return { type: "directory", mtimeSeconds, owner, mode };
  if (!stats.isFile()) return { type: "other", mtimeSeconds, owner, mode };
  const known = { type: "file", mtimeNs, owner, mode, sizeBytes: Number(stats.size) };
  if (!contents) return known;
  return { ...known, content: createHash("sha256").update(fs.readFileSync(file)).digest("hex") };
}

export function readTree(root, { contents = true } = {}) {
  const found = new Map();
  const pending = [""];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const entry = readEntry(native(root, at), contents);
    found.set(at, entry);
    if (entry.type !== "directory") continue;
    for (const name of fs.readdirSync(native(root, at), { encoding: "latin1" })) {
      pending.push(at === "" ? name : `${at}/${name}`);
    }
  }
  return found;
}

function comparedFields(entry, options) {
  const { modes = true, times = true, directoryTimes = times, owners = false } = options;
  const fields = ["sizeBytes", "content", "target"];
  if (modes) fields.push("mode");
  if (entry.type === "directory" ? directoryTimes : times) {
    fields.push(entry.type === "file" ? "mtimeNs" : "mtimeSeconds");
  }
  if (owners) fields.push("owner");
  return fields;
}

function differencesAt(wanted, found, options) {
  if (wanted === undefined) return [`should not exist (${found.type})`];
  if (found === undefined) return [`is missing (${wanted.type})`];
  if (wanted.type !== found.type) return [`is a ${found.type} instead of a ${wanted.type}`];
  return comparedFields(wanted, options)
    .filter((field) => wanted[field] !== found[field])
    .map((field) => `${field} is ${found[field]} instead of ${wanted[field]}`);
}

export function findDifferences(wanted, found, options = {}) {
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort((a, b) => (a < b ? -1 : 1));
  return paths
    .filter((path) => path !== "" || options.root !== false)
    .flatMap((path) =>
      differencesAt(wanted.get(path), found.get(path), options).map((difference) => ({
        path,
        difference,
      })),
    );
}
