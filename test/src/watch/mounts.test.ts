import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeMountChanges, Mounts, parseMounts } from "../../../src/watch/mounts.ts";
import { temporaryDirectory } from "./observed.ts";

const system = "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n";

/** A root with two directories, and a list of mounts that says what the test wants. */
function prepare() {
  const root = temporaryDirectory();
  for (const name of ["disk", "a share\\"]) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "f"), "");
  }
  const table = join(temporaryDirectory(), "mountinfo");
  const disk = `40 22 8:1 / ${root}/disk rw - ext4 /dev/sdb1 rw\n`;
  const share = `41 22 0:44 / ${root}/a\\040share\\134 rw - nfs host:/x rw\n`;
  const list = (...lines: string[]): void => writeFileSync(table, system + lines.join(""));
  return { root, table, disk, share, list };
}

const none = { appeared: [], vanished: [], hidden: [] };

test("finds the mounts below the root, whatever their names", () => {
  const { root, disk, share } = prepare();
  const beside = `42 22 8:2 / ${root}base rw - ext4 /dev/sdb2 rw\n`;
  const mounts = parseMounts(system + disk + share + beside, root);
  expect([...mounts.keys()]).toEqual(["disk", "a share\\"]);
  expect([...parseMounts(`${system}23 22 0:5 / /proc rw - proc x rw\n`, "/").keys()]).toEqual([
    "proc",
  ]);
});

test("tells what appeared, what vanished, and what another file system took the place of", () => {
  const { root, table, disk, share, list } = prepare();
  list(disk);
  const mounts = new Mounts(root, table);
  expect(mounts.check()).toEqual(none);
  list(share);
  expect(mounts.check()).toEqual({ ...none, appeared: ["a share\\"], vanished: ["disk"] });
  expect(mounts.missing).toEqual(["disk"]);
  expect(mounts.known.map(({ path }) => path)).toEqual(["disk", "a share\\"]);
  list(share, disk.replace("8:1", "8:9"));
  expect(mounts.check()).toEqual({ ...none, appeared: ["disk"] });
  expect(mounts.missing).toEqual([]);
  list(share, disk);
  expect(mounts.check()).toEqual({ ...none, appeared: ["disk"] });
});

test("an empty file system in place of another, or over files, counts only when it is filled", () => {
  const { root, table, disk, share, list } = prepare();
  list(disk);
  const mounts = new Mounts(root, table);
  for (const name of ["disk", "a share\\"]) {
    rmSync(join(root, name), { recursive: true });
    mkdirSync(join(root, name));
  }
  list(disk.replace("40", "43"), share);
  const hidden = ["disk", "a share\\"];
  expect(mounts.check()).toEqual({ ...none, hidden });
  expect(mounts.check()).toEqual(none);
  expect(mounts.missing).toEqual(hidden);
  writeFileSync(join(root, "disk/f"), "");
  expect(mounts.check()).toEqual({ ...none, appeared: ["disk"] });
  expect(mounts.missing).toEqual(["a share\\"]);
});

test("a file system of which the list says nothing new is told by its directory", () => {
  const { root, table, disk, list } = prepare();
  list(disk);
  const mounts = new Mounts(root, table);
  mkdirSync(join(root, "other"));
  rmSync(join(root, "disk"), { recursive: true });
  mkdirSync(join(root, "disk"));
  writeFileSync(join(root, "disk/g"), "");
  expect(mounts.check()).toEqual(none);
  expect(mounts.check({ isThorough: true })).toEqual({ ...none, appeared: ["disk"] });
});

test("a system without a list of mounts has no mounts to follow", () => {
  const { root, table, disk, list } = prepare();
  list(disk);
  const mounts = new Mounts(root, table);
  rmSync(table);
  expect(mounts.check()).toEqual(none);
});

test("each change is one line for a person", () => {
  const [changes] = [new Mounts("/nowhere", "/dev/null").check()];
  expect(describeMountChanges(changes)).toEqual([]);
  const { root, table, disk, list } = prepare();
  list(disk);
  const mounts = new Mounts(root, table);
  list();
  expect(describeMountChanges(mounts.check())).toEqual([
    "What was mounted at disk has gone; nothing that was in it is deleted at the targets until it is back or the program is started again",
  ]);
});
