import { expect, test } from "vitest";
import { encodeArguments, encodeForDaemon } from "../../../protocol/handshake/argument-bytes.ts";
import { pushArguments, type SessionFeatures } from "../../../protocol/handshake/argv.ts";
import { destinationArgument } from "../../../protocol/handshake/destination.ts";
import type { TransferOptions } from "../../../protocol/options.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { archive } from "../../support/archive.ts";
import { hex } from "../../support/bytes.ts";

const all = "-logDtpre.iLsfxCIvu";

type Row = readonly [name: string, words: string, TransferOptions, SessionFeatures?];

const keeping = { keepDirlinks: true, omitDirTimes: true, omitLinkTimes: true };
const delaying = { delayUpdates: true, partial: true };

// Vectors of the 3.5.0 client (spec 1 §2.5), without `--server` and the destination.
const captured: readonly Row[] = [
  ["-a", all, archive],
  ["-rlt", "-ltre.iLsfxCIvu", { recursive: true, links: true, times: true }],
  ["-az", "-logDtprze.iLsfxCIvu", { ...archive, compress: true }],
  ["-a --update", "-ulogDtpre.iLsfxCIvu", { ...archive, update: true }],
  ["-aH", "-lHogDtpre.iLsfxCIvu", { ...archive, hardLinks: true }],
  [
    "-a --link-dest=/base",
    `${all} --link-dest /base`,
    { ...archive, alternate: { how: "link", directories: ["/base"] } },
  ],
  ["-a -n", "-nlogDtpre.iLsfxCIvu", { ...archive, dryRun: true }],
  ["-a -W", "-lWogDtpre.iLsfxCIvu", { ...archive, wholeFile: true }],
  ["-a -c -I", "-logDtprcIe.iLsfxCIvu", { ...archive, checksum: true, ignoreTimes: true }],
  ["-a -B 4096", `${all} -B4096`, { ...archive, blockSizeBytes: 4096 }],
  ["-a --partial", `${all} --partial`, { ...archive, partial: true }],
  ["-a --inplace", `${all} --inplace`, { ...archive, inplace: true }],
  ["-a --ignore-existing", `${all} --ignore-existing`, { ...archive, ignoreExisting: true }],
  ["-a --existing", `${all} --existing`, { ...archive, existing: true }],
  ["-a --size-only", `${all} --size-only`, { ...archive, sizeOnly: true }],
  ["-a --numeric-ids", `${all} --numeric-ids`, { ...archive, numericIds: true }],
  ["-a --delete", `${all} --delete`, { ...archive, delete: true }],
  ["-a --delete-after", `${all} --delete-after`, { ...archive, delete: "after" }],
  [
    "-a --max-delete=5 --force",
    `${all} --max-delete=5 --force`,
    { ...archive, maxDelete: 5, force: true },
  ],
  ["-a --modify-window=1", `${all} --modify-window=1`, { ...archive, modifyWindowSeconds: 1 }],
  ["-a --modify-window=-1", `${all} -@-1`, { ...archive, modifyWindowSeconds: -1 }],
  ["-a --temp-dir=/tmp", `${all} --temp-dir /tmp`, { ...archive, tempDir: "/tmp" }],
  ["-a --backup", "-blogDtpre.iLsfxCIvu", { ...archive, backup: true }],
  [
    "-a --backup --suffix=.bak",
    "-blogDtpre.iLsfxCIvu --suffix=.bak",
    { ...archive, backup: true, suffix: ".bak" },
  ],
  [
    "-a --backup --backup-dir=bk",
    "-blogDtpre.iLsfxCIvu --backup-dir bk",
    { ...archive, backup: true, backupDir: "bk" },
  ],
  ["-a --no-D", "-logtpre.iLsfxCIvu", { ...archive, devices: false, specials: false }],
  ["-a --no-specials", `${all} --no-specials`, { ...archive, specials: false }],
  ["-a --no-devices", "-logtpre.iLsfxCIvu --specials", { ...archive, devices: false }],
  ["-az --compress-level=3", "-logDtprze.iLsfxCIvu --compress-level=3", compressed(3)],
  ["-az --zc=zstd", `${all} --compress-choice=zstd`, compressed(), { compressChoice: "zstd" }],
  ["-az --zc=zlibx", `${all} --new-compress`, compressed(), { compressChoice: "zlibx" }],
  ["-a --cc=md5", `${all} --checksum-choice=md5`, archive, { checksumChoice: "md5" }],
  ["-a --delete-missing-args", `${all} --delete-missing-args`, archive, { deleteMissing: true }],
  ["-a -E", all, { ...archive, executability: true }],
  ["-rE", "-Ere.iLsfxCIvu", { recursive: true, executability: true }],
  ["-aKOJ", "-lKOJogDtpre.iLsfxCIvu", { ...archive, ...keeping }],
  ["-a -y", "-lyogDtpre.iLsfxCIvu", { ...archive, fuzzy: true }],
  ["-a --safe-links", `${all} --safe-links`, { ...archive, safeLinks: true }],
  [
    "-a --max-size=10m --min-size=1",
    `${all} --min-size=1 --max-size=10485760`,
    { ...archive, minSizeBytes: 1, maxSizeBytes: 10_485_760 },
  ],
  [
    "-a --preallocate --fsync",
    `${all} --fsync --preallocate`,
    { ...archive, preallocate: true, fsync: true },
  ],
  [
    "-a --partial-dir=.p --partial",
    `${all} --partial-dir .p`,
    { ...archive, partialDir: ".p", partial: true },
  ],
  ["-a --delay-updates --partial", `${all} --delay-updates`, { ...archive, ...delaying }],
  ["-a --mkpath", `${all} --mkpath`, { ...archive, makePath: true }],
  ["-a --super", `${all} --super`, { ...archive, super: true }],
  ["-a -M--fake-super", `${all} --fake-super`, { ...archive, remoteOptions: ["--fake-super"] }],
  [
    "-a --usermap=0-99:nobody,bob:x --groupmap=1:2",
    `${all} --usermap=0-99:nobody,bob:x --groupmap=1:2`,
    { ...archive, userMap: "0-99:nobody,bob:x", groupMap: "1:2" },
  ],
  ["-a --chmod=F644", all, { ...archive, chmod: "F644" }],
  ["-a --remove-source-files", `${all} --remove-source-files`, archive, { acknowledge: true }],
];

function compressed(compressLevel?: number): TransferOptions {
  return { ...archive, compress: true, ...(compressLevel ? { compressLevel } : {}) };
}

const vectors = captured.map(([name, words, o, f = {}]) => [name, words, o, f] as const);

test.each(vectors)("%s becomes what the stock client sends", (_name, words, options, features) => {
  // Our one difference: without "i" the daemon takes one list.
  const expected = words.replace("iLsfx", "Lsfx").split(" ");
  const sent = pushArguments("mod/", options, features);
  expect(sent).toEqual(["--server", ...expected, ".", "mod/"]);
});

test("limits that are ours to keep are not sent to the daemon", () => {
  expect(pushArguments("mod/", { timeoutSeconds: 30, bandwidthKiB: 100 })).toEqual([
    "--server",
    "-e.LsfxCIvu",
    ".",
    "mod/",
  ]);
});

test("protocol 29 has no capabilities, and a bundle only when there is something in it", () => {
  expect(pushArguments("mod/", archive, {}, 29)).toEqual(["--server", "-logDtpr", ".", "mod/"]);
  expect(pushArguments("mod/", {}, {}, 29)).toEqual(["--server", ".", "mod/"]);
});

// Captured from the 3.5.0 client (spec 1 §2.1).
test("each argument ends in NUL, the last in two", () => {
  expect(encodeArguments(["--server", "-tre.LsfxCIvu", ".", "auth/e1/"])).toEqual(
    Buffer.from(
      hex("2d2d736572766572 00 2d7472652e4c7366784349 7675 00 2e 00 617574682f65312f 00 00"),
    ),
  );
});

// Captured from the 3.5.0 client: rsync -rbs --backup-dir='a\b' f rsync://host/m/
test("a backslash in a value hides the arguments, one in a place does not", () => {
  const words = ["--server", "-bre.iLsfxCIvu", "--backup-dir", "a\\b", ".", "m/"];
  const hidden = "--server\0-sbre.iLsfxCIvu\0\0rsync\0--backup-dir\0a\\b\0.\0m/\0\0";
  expect(encodeForDaemon(words, 32).toString("latin1")).toBe(hidden);
  const short = encodeForDaemon(["--server", "--suffix=\\", ".", "m/"], 29).toString("latin1");
  expect(short).toBe("--server\n-s\n\nrsync\0--suffix=\\\0.\0m/\0\0");
  const plain = encodeForDaemon(["--server", "-re.iLsfxCIvu", ".", "m/a\\*/"], 32);
  expect(plain.toString("latin1")).toBe("--server\0-re.iLsfxCIvu\0.\0m/a\\*/\0\0");
});

test.each([
  ["", "open/"],
  ["plain/sub dir", "open/plain/sub dir/"],
  ["a*", "open/a\\*/"],
  ["a[b", "open/a\\[b/"],
  ["what?", "open/what\\?/"],
  ["back\\slash]", "open/back\\slash]/"],
  ["back\\sl*sh]/b\\c", "open/back\\\\sl\\*sh\\]/b\\c/"],
  ["t/x* open", "open/t/x\\*[ ]open/"],
  ["t/x open/y", "open/t/x[ ]open/y/"],
  ["-rf", "open/./-rf/"], // the daemon takes "open/" off, and would read options
  ["d/-rf", "open/d/-rf/"],
  ["caf\xe9", "open/caf\xe9/"],
])("the directory %j is the destination %j", (directory, argument) => {
  expect(destinationArgument("open", asBytePath(directory))).toBe(argument);
});
