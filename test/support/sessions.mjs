import fs from "node:fs";

const both = ["3.5.0", "3.2.7"];
const newest = ["3.5.0"];
const time = 1_704_164_645; // 2024-01-02 03:04:05 UTC
const account = { users: { rsync_backup: "s3cret" }, user: "rsync_backup", password: "s3cret" };

function stamp(file, seconds = time) {
  fs.lutimesSync(file, seconds, seconds);
}

/** One of each: files, a directory, symlinks, a name that is not UTF-8, a time with nanoseconds. */
function smallTree(source) {
  const name = Buffer.from(`${source}/caf\xe9\n*`, "latin1");
  fs.writeFileSync(`${source}/hello`, "hello\n");
  fs.writeFileSync(`${source}/empty`, "");
  fs.mkdirSync(`${source}/dir`);
  fs.writeFileSync(`${source}/dir/hello too`, "hello too\n", { mode: 0o600 });
  fs.symlinkSync("nowhere", `${source}/link`);
  fs.writeFileSync(name, "bytes");
  for (const at of ["hello", "empty", "dir/hello too", "dir", "link"]) stamp(`${source}/${at}`);
  fs.lutimesSync(name, time, time + 0.5);
  stamp(source);
}

/** A file of 5,000 bytes whose earlier version, with one byte less, is at the destination. */
function editedFile(source, destination) {
  const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 7) % 251));
  fs.writeFileSync(
    `${destination}/data`,
    Buffer.concat([content.subarray(0, 2000), content.subarray(2001)]),
  );
  fs.writeFileSync(`${source}/data`, content);
  stamp(`${destination}/data`, time - 60);
  stamp(`${source}/data`);
  stamp(source);
}

function leftovers(source, destination) {
  smallTree(source);
  fs.writeFileSync(`${destination}/gone`, "");
  fs.mkdirSync(`${destination}/gone too`);
  fs.writeFileSync(`${destination}/gone too/file`, "");
  fs.writeFileSync(`${destination}/kept.tmp`, "");
}

function content(_source, destination) {
  smallTree(destination);
}

/** A file with three names, one of them in a directory, and two names of another one. */
function linkedTree(source) {
  smallTree(source);
  fs.linkSync(`${source}/hello`, `${source}/again`);
  fs.linkSync(`${source}/hello`, `${source}/dir/third`);
  fs.linkSync(Buffer.from(`${source}/caf\xe9\n*`, "latin1"), `${source}/coffee`);
  for (const at of ["dir", ""]) stamp(`${source}/${at}`);
}

/** Names that are given but missing at the source: a deletion by name. */
function missingNames(source, destination) {
  leftovers(source, destination);
  fs.writeFileSync(`${source}/../names`, "gone\0gone too\0hello\0");
}

/** Sessions to record; `prepare(source, destination)` makes the trees first. */
export const sessions = [
  { name: "push", versions: both, options: ["-rlt", "--no-inc-recursive"], prepare: smallTree },
  { name: "push-inc", versions: both, options: ["-rlt"], prepare: smallTree },
  { name: "push-29", versions: newest, options: ["-rlt", "--protocol=29"], prepare: smallTree },
  {
    name: "push-30",
    versions: newest,
    options: ["-rlt", "--no-i-r", "--protocol=30"],
    prepare: smallTree,
  },
  {
    name: "push-31",
    versions: newest,
    options: ["-rlt", "--no-i-r", "--protocol=31"],
    prepare: smallTree,
  },
  {
    name: "push-archive-auth",
    versions: both,
    options: ["-a", "--no-i-r"],
    prepare: smallTree,
    ...account,
  },
  {
    name: "push-archive-auth-29",
    versions: newest,
    options: ["-a", "--protocol=29"],
    prepare: smallTree,
    ...account,
  },
  { name: "push-compressed", versions: both, options: ["-rltz", "--no-i-r"], prepare: smallTree },
  {
    name: "push-hard-links",
    versions: both,
    options: ["-rltH", "--no-i-r", "--cc=md5", "--checksum-seed=12345"],
    prepare: linkedTree,
  },
  {
    name: "push-hard-links-30",
    versions: newest,
    options: ["-rltH", "--no-i-r", "--cc=md5", "--checksum-seed=12345", "--protocol=30"],
    prepare: linkedTree,
  },
  {
    name: "push-zlibx",
    versions: newest,
    options: ["-rlt", "--no-i-r", "--zc=zlibx"],
    prepare: editedFile,
  },
  {
    name: "push-zlib",
    versions: newest,
    options: ["-rlt", "--no-i-r", "--zc=zlib"],
    prepare: editedFile,
  },
  { name: "push-delta", versions: both, options: ["-rlt", "--no-i-r"], prepare: editedFile },
  {
    name: "push-delta-md5",
    versions: newest,
    options: ["-rlt", "--no-i-r", "--cc=md5", "--checksum-seed=12345"],
    prepare: editedFile,
  },
  {
    name: "push-delete",
    versions: both,
    options: ["-rlt", "--no-i-r", "--delete", "--exclude=*.tmp"],
    prepare: leftovers,
  },
  {
    name: "push-delete-missing",
    versions: both,
    options: [
      "-ltR",
      "--force",
      "--delete-missing-args",
      "--from0",
      "--files-from=SOURCE/../names",
    ],
    prepare: missingNames,
  },
  {
    name: "push-remove-source",
    versions: both,
    options: ["-rlt", "--no-i-r", "--remove-source-files"],
    prepare: smallTree,
  },
  {
    name: "push-read-only",
    versions: both,
    options: ["-rlt"],
    prepare: smallTree,
    moduleParameters: { "read only": true },
  },
  {
    name: "push-refused-option",
    versions: both,
    options: ["-rlt", "--delete"],
    prepare: smallTree,
    moduleParameters: { "refuse options": "delete" },
  },
  {
    name: "wrong-password",
    versions: both,
    options: ["-rlt"],
    prepare: smallTree,
    ...account,
    password: "wrong",
  },
  {
    name: "unknown-module",
    versions: both,
    options: ["-rlt"],
    prepare: smallTree,
    target: "nothing/",
  },
  { name: "list-modules", versions: both, options: [], list: true, target: "" },
  {
    name: "list-content",
    versions: both,
    options: ["-r", "--list-only"],
    list: true,
    prepare: content,
  },
];
