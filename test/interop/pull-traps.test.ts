import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pull, type TransferOptions } from "../../protocol/index.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeTree, readTree, type TreeSpec, temporaryDirectory } from "../support/tree.ts";

const archive: TransferOptions = { recursive: true, links: true, perms: true, times: true };

interface Trap {
  readonly transfer: TransferOptions;
  /** What the option names, in every directory or once. */
  readonly name: string;
}

const traps: readonly Trap[] = [
  { name: ".rp", transfer: { ...archive, partialDir: ".rp" } },
  { name: ".rp", transfer: { ...archive, partialDir: ".rp", delayUpdates: true } },
  { name: ".~tmp~", transfer: { ...archive, delayUpdates: true } },
  { name: "bk", transfer: { ...archive, backup: true, backupDir: "bk" } },
  { name: "bk", transfer: { ...archive, backup: true, backupDir: "bk", delete: true } },
  { name: "file~", transfer: { ...archive, backup: true } },
  { name: "file~", transfer: { ...archive, backup: true, inplace: true } },
  { name: "tmp", transfer: { ...archive, tempDir: "tmp" } },
  { name: "like", transfer: { ...archive, alternate: { how: "link", directories: ["like"] } } },
  { name: "like", transfer: { ...archive, alternate: { how: "copy", directories: ["like"] } } },
  { name: "like", transfer: { ...archive, alternate: { how: "compare", directories: ["like"] } } },
  { name: "file", transfer: { ...archive, inplace: true } },
  { name: "file", transfer: { ...archive, append: true } },
  { name: "d", transfer: { ...archive, fuzzy: true, delete: true, force: true } },
];

describeDaemons("links that the sender or somebody here laid", (version) => {
  test.each(traps)("$name is no way out with $transfer", async ({ name, transfer }) => {
    await using daemon = await startDaemon({
      version,
      modules: { m: { "munge symlinks": false } },
    });
    using work = temporaryDirectory();
    const outside = path.join(work.path, "outside");
    const secrets: TreeSpec = { file: "a secret", "d/file": "another", "sub/file": "and one more" };
    makeTree(outside, secrets);
    const before = readTree(outside);
    const trap = { type: "symlink", target: outside } as const;
    const theirs = { file: "their file, longer", "d/file": "theirs", "sub/file": "theirs" };
    for (const isOurs of [false, true]) {
      const here = path.join(work.path, isOurs ? "laid-here" : "laid-there");
      const there = daemon.path("m");
      fs.rmSync(there, { recursive: true, force: true });
      const isTaken = name === "d" || name in theirs;
      makeTree(there, isOurs || isTaken ? theirs : { ...theirs, [name]: trap });
      makeTree(here, { file: "ours", "d/file": "ours", "sub/file": "ours", "sub/old": "ours" });
      if (isOurs) {
        fs.rmSync(path.join(here, name), { recursive: true, force: true });
        makeTree(here, { [name]: trap });
      }
      await pull(`rsync://127.0.0.1:${daemon.port}/m/`, here, { transfer });
      await pull(`rsync://127.0.0.1:${daemon.port}/m/`, here, { transfer });
      expect(readTree(outside)).toEqual(before);
      expect(fs.statSync(path.join(outside, "file")).nlink).toBe(1);
    }
  });
});
