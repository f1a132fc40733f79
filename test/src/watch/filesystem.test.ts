import { expect, test } from "vitest";
import { remoteFileSystem, remoteName } from "../../../src/watch/filesystem.ts";
import { temporaryDirectory } from "./observed.ts";

// statfs(2), "NFS_SUPER_MAGIC" and so on.
test.each([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xff534d42 | 0, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0xef53, undefined],
  [0x01021994, undefined],
])("file system %i is remote: %s", (type, name) => {
  expect(remoteName(type)).toBe(name);
});

test("a local directory, or one that is missing, is not remote", () => {
  const root = temporaryDirectory();
  expect([remoteFileSystem(root), remoteFileSystem(`${root}/none`)]).toEqual([
    undefined,
    undefined,
  ]);
});
