import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Mounts, parseMounts } from "../../../src/watch/mounts.ts";
import { temporaryDirectory } from "./observed.ts";

const system = "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n";
const disk = "40 22 8:1 / /srv/data/disk rw - ext4 /dev/sdb1 rw\n";
const share = "41 22 0:44 / /srv/data/a\\040share\\134 rw - nfs host:/x rw\n";
const beside = "42 22 8:2 / /srv/database rw - ext4 /dev/sdb2 rw\n";

test("finds the mounts below the root, whatever their names", () => {
  const mounts = parseMounts(system + disk + share + beside, "/srv/data");
  expect([...mounts.keys()]).toEqual(["disk", "a share\\"]);
});

test("tells what appeared, what vanished, and what another file system took the place of", () => {
  const table = join(temporaryDirectory(), "mountinfo");
  writeFileSync(table, system + disk);
  const mounts = new Mounts("/srv/data", table);
  expect(mounts.check()).toEqual({ appeared: [], vanished: [] });
  writeFileSync(table, system + share);
  expect(mounts.check()).toEqual({ appeared: ["a share\\"], vanished: ["disk"] });
  expect(mounts.missing).toEqual(["disk"]);
  writeFileSync(table, system + share + disk.replace("8:1", "8:9"));
  expect(mounts.check()).toEqual({ appeared: ["disk"], vanished: [] });
  expect(mounts.missing).toEqual([]);
  writeFileSync(table, system + share + disk);
  expect(mounts.check()).toEqual({ appeared: ["disk"], vanished: [] });
});

test("a system without a list of mounts has no mounts to follow", () => {
  const table = join(temporaryDirectory(), "mountinfo");
  writeFileSync(table, system + disk);
  const mounts = new Mounts("/srv/data", table);
  rmSync(table);
  expect(mounts.check()).toEqual({ appeared: [], vanished: [] });
});
