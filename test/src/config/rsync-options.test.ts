import { describe, expect, test } from "vitest";
import { parseRsyncOptions } from "../../../src/config/rsync-options.ts";
import { splitWords } from "../../../src/config/words.ts";

function options(...words: string[]) {
  const parsed = parseRsyncOptions(words);
  expect(parsed.problems).toEqual([]);
  return parsed.options;
}

const archive = {
  recursive: true,
  links: true,
  perms: true,
  times: true,
  group: true,
  owner: true,
  devices: true,
  specials: true,
};

test.each([
  ["-a", archive],
  ["-artuz", { ...archive, update: true, compress: true }],
  ["-zR", { compress: true }],
  [
    "-rczgop",
    { recursive: true, checksum: true, compress: true, group: true, owner: true, perms: true },
  ],
  ["-a --no-o --no-group", { ...archive, owner: false, group: false }],
  ["-a --no-D", { ...archive, devices: false, specials: false }],
  ["-B4096", { blockSizeBytes: 4096 }],
  ["-rB 8K", { recursive: true, blockSizeBytes: 8192 }],
  ["--block-size=131072", { blockSizeBytes: 131_072 }],
  ["--timeout=5", { timeoutSeconds: 5 }],
  ["--timeout 5", { timeoutSeconds: 5 }],
  ["--bwlimit=1.5m", { bandwidthKiB: 1536 }],
  ["--bwlimit=100", { bandwidthKiB: 100 }],
  ["--delete", { delete: true }],
  ["--delete-after", { delete: "after" }],
  ["--delete-after --delete", { delete: "after" }],
  ["--del", { delete: "during" }],
  ["--zc=zstd -z", { compress: "zstd" }],
  ["-z --zc=none", { compress: false }],
  ["--zl=3", { compressLevel: 3, compress: true }],
  ["--old-compress", { compress: "zlib" }],
  ["-@-1", { modifyWindowSeconds: -1 }],
  ["-P -v --stats", { partial: true }],
  ["-b --suffix=.old --backup-dir=../old", { backup: true, suffix: ".old", backupDir: "../old" }],
  [
    "-T /tmp --inplace -W -S -n -O -I",
    {
      tempDir: "/tmp",
      inplace: true,
      wholeFile: true,
      sparse: true,
      dryRun: true,
      omitDirTimes: true,
      ignoreTimes: true,
    },
  ],
  ["--max-delete=10 --force --numeric-ids", { maxDelete: 10, force: true, numericIds: true }],
  ["-H", { hardLinks: true }],
  ["--no-H --no-whole-file", { hardLinks: false, wholeFile: false }],
])("%s", (text, expected) => {
  expect(options(...text.split(" "))).toEqual(expected);
});

test("hands back what is not an option", () => {
  expect(parseRsyncOptions(["-a", "src/", "rsync://h/m", "--", "-x"]).words).toEqual([
    "src/",
    "rsync://h/m",
    "-x",
  ]);
});

test("hands back what is not about the transfer itself", () => {
  const parsed = parseRsyncOptions([
    "--port=8730",
    "--password-file=/p",
    "-e",
    "ssh -p 22",
    "--include=a",
    "--exclude",
    "b",
    "-f- c",
  ]);
  expect(parsed).toMatchObject({
    port: 8730,
    passwordFile: "/p",
    remoteShell: "ssh -p 22",
    patterns: [
      { include: true, pattern: "a" },
      { include: false, pattern: "b" },
      { include: false, pattern: "c" },
    ],
    problems: [],
  });
});

describe("refusals name the option", () => {
  test.each([
    ["--atimes", "--atimes is not available: sersync does not have it"],
    ["--link-dest=/x", "--link-dest is not available: sersync does not have it"],
    ["-x", "-x (--one-file-system) is not available: sersync does not have it"],
    [
      "--exclude-from=f",
      "--exclude-from is not available: write the patterns themselves with --exclude",
    ],
    ["-j", "-j: rsync has no such option"],
    ["--recursiv", "--recursiv: rsync has no such option; did you mean --recursive?"],
    ["--timeout=soon", '--timeout: found "soon"; allowed is a number from 0 to 86400'],
    ["--timeout", "--timeout needs a value"],
    ["--delete=yes", '--delete takes no value, but has "yes"'],
    ["-B1g", '-B: found "1g"; allowed is a size up to 131072'],
    ["--port=0", '--port: found "0"; allowed is a number from 1 to 65535'],
    [
      "--zc=zstdd",
      '--zc: found "zstdd"; allowed is one of zstd, lz4, zlibx, zlib, none, auto; did you mean zstd?',
    ],
    ["--filter=merge", '--filter: found "merge"; allowed is "- PATTERN" or "+ PATTERN"'],
  ])("%s", (word, problem) => {
    expect(parseRsyncOptions([word]).problems).toEqual([problem]);
  });
});

test("what has no effect is said", () => {
  expect(parseRsyncOptions(["-v", "--contimeout=5"]).notes).toEqual([
    "-v (--verbose) has no effect: sersync writes its own log",
    "--contimeout has no effect: connections always have a deadline",
  ]);
});

test.each([
  ["-a  -z", ["-a", "-z"]],
  ["", []],
  ["-e 'ssh -p 22'", ["-e", "ssh -p 22"]],
  ['--exclude="*.o" x', ["--exclude=*.o", "x"]],
  ["a\\ b 'c'\"d\"e", ["a b", "cde"]],
  ["''", [""]],
  ['"a\\"b\\n"', ['a"b\\n']],
  ["'$x;|'", ["$x;|"]],
])("%j is split into words", (text, words) => {
  expect(splitWords(text)).toEqual({ words });
});

test.each([
  ["-a; rm x", "; is for a shell, and no shell is run; quote it"],
  ["-a $(id)", "$ is for a shell, and no shell is run; quote it"],
  ["'a", "the quote ' is never closed"],
])("%j is refused", (text, problem) => {
  expect(splitWords(text)).toEqual({ problem });
});
