import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { expect, test } from "vitest";
import { type ClientOptions, push, rename } from "../../protocol/index.ts";
import { asBytePath } from "../../protocol/path.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { startMeter } from "../support/meter.ts";
import { startOldDaemon } from "../support/old-daemon.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  type TreeSpec,
  temporaryDirectory,
} from "../support/tree.ts";

const content = randomBytes(200_000);

describeDaemons("rename()", (version) => {
  /** A module that has what a source has, and a meter in between. */
  async function place(tree: TreeSpec, module = {}, options: ClientOptions = {}) {
    const daemon = await startDaemon({ version, modules: { m: module } });
    const meter = await startMeter(daemon.port);
    const source = temporaryDirectory();
    makeTree(source.path, tree);
    const url = `rsync://127.0.0.1:${meter.port}/m/deep `;
    fs.mkdirSync(`${daemon.path("m")}/deep `);
    await push(source.path, url);
    meter.reset();
    const target = `${daemon.path("m")}/deep `;
    return {
      source: source.path,
      target,
      meter,
      inode: (name: string) => fs.lstatSync(`${target}/${name}`).ino,
      /** Renames here, then there. */
      move: async (from: string, to: string, change = () => {}) => {
        fs.renameSync(`${source.path}/${from}`, `${source.path}/${to}`);
        change();
        const names = { from: asBytePath(from), to: asBytePath(to) };
        return rename(source.path, names, url, options);
      },
      [Symbol.asyncDispose]: async () => {
        await meter[Symbol.asyncDispose]();
        await daemon.remove();
        source[Symbol.dispose]();
      },
    };
  }

  test.each([27, 28, 29, 30, 32])("of a file sends no content (protocol %i)", async (protocol) => {
    await using at = await place({ "a/old": content, "b/x": "x" }, {}, { protocol });
    const inode = at.inode("a/old");
    const result = await at.move("a/old", "b/new *");
    expect(result).toEqual({ how: "linked", contentBytes: 0, removed: true, failures: [] });
    expect(at.inode("b/new *")).toBe(inode);
    expect(at.meter.bytes).toBeLessThan(5_000);
    expectEqualTrees(at.source, at.target, { times: protocol > 30 });
  });

  test("of a directory sends none of its files, whatever its name", async () => {
    const tree = { "d/a": content, "d/in/b": content, "d/l": "", "d/e": { type: "directory" } };
    await using at = await place(tree as TreeSpec);
    expect(await at.move("d", "e")).toMatchObject({ how: "linked", removed: true });
    // A backslash cannot stand in an argument: file by file, then.
    expect(await at.move("e", "f\\g")).toMatchObject({ how: "linked", removed: true });
    expect(at.meter.bytes).toBeLessThan(10_000);
    expectEqualTrees(at.source, at.target);
  });

  test("sends what is not the same there, and says so", async () => {
    await using at = await place({ old: content, "d/a": "aaa", "d/b": "bbb", gone: "x" });
    fs.writeFileSync(`${at.target}/old`, "edited there");
    expect(await at.move("old", "new")).toMatchObject({ how: "sent", removed: true });
    const changed = await at.move("d", "e", () => fs.writeFileSync(`${at.source}/e/b`, "changed"));
    expect(changed).toMatchObject({ how: "sent", contentBytes: 7, removed: true });
    fs.rmSync(`${at.target}/gone`);
    expect(await at.move("gone", "back")).toMatchObject({ how: "sent", removed: true });
    expectEqualTrees(at.source, at.target);
  });

  test("never takes what has the new name already for the object", async () => {
    await using at = await place({ old: "right", "d/f": "right" });
    makeTree(at.target, { new: "wrong", "e/f": "wrong", "e/kept": "" });
    const { atime, mtime } = fs.statSync(`${at.source}/old`);
    fs.utimesSync(`${at.source}/old`, atime, mtime);
    fs.utimesSync(`${at.source}/d/f`, atime, mtime);
    await push(at.source, `rsync://127.0.0.1:${at.meter.port}/m/deep /`);
    for (const name of ["new", "e/f"]) fs.utimesSync(`${at.target}/${name}`, atime, mtime);
    expect(await at.move("old", "new")).toMatchObject({ removed: true, failures: [] });
    expect(await at.move("d", "e")).toMatchObject({ removed: true, failures: [] });
    expect(fs.readFileSync(`${at.target}/new`, "utf8")).toBe("right");
    expect(fs.readFileSync(`${at.target}/e/f`, "utf8")).toBe("right");
    expect([...readTree(at.target).keys()].sort()).toEqual(["", "e", "e/f", "e/kept", "new"]);
  });

  test("sends the content where links are refused", async () => {
    await using at = await place({ old: content }, { "refuse options": "hard-links" });
    expect(await at.move("old", "new")).toMatchObject({ how: "sent", removed: true });
    expectEqualTrees(at.source, at.target);
  });

  test("keeps the old name where deleting is refused", async () => {
    await using at = await place({ old: content }, { "refuse options": "delete" });
    const result = await at.move("old", "new");
    expect(result).toMatchObject({ how: "linked", removed: false });
    expect(result.failures.map(({ path }) => path)).toEqual(["old"]);
    expect([...readTree(at.target).keys()].sort()).toEqual(["", "new", "old"]);
  });

  test("deletes the old name of a directory that is gone here, and nothing beside it", async () => {
    await using at = await place({ "a/b/old": content, "a/b/other": "" });
    const result = await at.move("a/b/old", "new", () =>
      fs.rmSync(`${at.source}/a`, { recursive: true }),
    );
    expect(result).toMatchObject({ how: "linked", removed: true, failures: [] });
    expect([...readTree(at.target).keys()].sort()).toEqual(["", "a", "a/b", "a/b/other", "new"]);
  });

  test("of what is not here is an error, and so is one into itself", async () => {
    await using at = await place({ "d/x": "" });
    const names = { from: asBytePath("a"), to: asBytePath("b") };
    const url = `rsync://127.0.0.1:${at.meter.port}/m/`;
    await expect(rename(at.source, names, url)).rejects.toMatchObject({ code: "SOURCE_MISSING" });
    const inside = { from: asBytePath("d"), to: asBytePath("d/x") };
    await expect(rename(at.source, inside, url)).rejects.toMatchObject({ code: "SOURCE_MISSING" });
  });

  test("of a daemon of an older release works as well", async () => {
    const daemon = await startDaemon({ version, modules: { m: {} } });
    await using old = await startOldDaemon(daemon, 30);
    using source = temporaryDirectory();
    makeTree(source.path, { "a/old": content });
    const url = `rsync://127.0.0.1:${old.port}/m/`;
    await push(source.path, url);
    fs.renameSync(`${source.path}/a/old`, `${source.path}/a/new`);
    const names = { from: asBytePath("a/old"), to: asBytePath("a/new") };
    expect(await rename(source.path, names, url)).toMatchObject({ how: "linked", removed: true });
    expectEqualTrees(source.path, daemon.path("m"), { times: false });
    await daemon.remove();
  });
});
