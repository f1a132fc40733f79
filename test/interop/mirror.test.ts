import fs from "node:fs";
import { expect, test } from "vitest";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { expectEqualTrees, makeTree, temporaryDirectory } from "../support/tree.ts";

describeDaemons("a mirror", (version) => {
  /** A daemon with the module "backup", and a source that is filled by `fill`. */
  async function place(fill: (root: string) => void = () => {}) {
    const daemon = await startDaemon({ version, modules: { backup: {} } });
    const source = temporaryDirectory();
    fill(source.path);
    return {
      daemon,
      source: source.path,
      target: daemon.path("backup"),
      setUp: { source: source.path, port: daemon.port, remotes: [{ module: "backup" }] },
      [Symbol.asyncDispose]: async () => {
        await daemon.remove();
        source[Symbol.dispose]();
      },
    };
  }

  test.each([21, 22])("-r makes the target equal to hostile tree %i", async (seed) => {
    await using at = await place((root) => makeHostileTree(root, seed));
    await using mirror = await startMirror(at.setUp);
    await untilEqualTrees(at.source, at.target);
    expect(mirror.isRunning()).toBe(true);
  });

  test("-r removes what only the target has, and repairs what differs there", async () => {
    await using at = await place((root) => makeHostileTree(root, 23));
    makeHostileTree(at.target, 24);
    await using _ = await startMirror(at.setUp);
    await untilEqualTrees(at.source, at.target);
  });

  test("without -r nothing is touched but what changes", async () => {
    await using at = await place((root) => makeTree(root, { old: "source" }));
    makeTree(at.target, { "only here": "target", old: "target" });
    await using _ = await startMirror({ ...at.setUp, fullPush: false });
    fs.writeFileSync(`${at.source}/new`, "new");
    makeTree(at.source, { new: "new" });
    const after = { "only here": "target", old: "target", new: "new" };
    await expect
      .poll(() => fs.readdirSync(at.target).sort(), { timeout: 30_000 })
      .toEqual(Object.keys(after).sort());
    for (const [name, content] of Object.entries(after)) {
      expect(fs.readFileSync(`${at.target}/${name}`, "utf8")).toBe(content);
    }
  });

  test.each([31, 33])("follows bursts of changes to hostile tree %i", async (seed) => {
    await using at = await place((root) => makeHostileTree(root, seed));
    await using _ = await startMirror(at.setUp);
    for (let burst = 0; burst < 3; burst += 1) {
      mutateTree(at.source, seed * 10 + burst, 60);
      await untilEqualTrees(at.source, at.target);
    }
  });

  test("two contents of one size within one second both arrive (F-04)", async () => {
    await using at = await place();
    await using mirror = await startMirror(at.setUp);
    const time = 1_750_000_000;
    for (const content of ["AAAA", "BBBB", "CCCC"]) {
      fs.writeFileSync(`${at.source}/f`, content);
      fs.utimesSync(`${at.source}/f`, time, time);
      await expect
        .poll(() => fs.readFileSync(`${at.target}/f`, "utf8"), { timeout: 30_000 })
        .toBe(content);
    }
    expect(mirror.isRunning()).toBe(true);
  });

  test("a same-size rewrite inside a directory that is renamed at once arrives", async () => {
    await using at = await place((root) => makeTree(root, { "d/f": "AAAA" }));
    await using _ = await startMirror(at.setUp);
    for (const [from, to, content] of [
      ["d", "e", "BBBB"],
      ["e", "d", "CCCC"],
      ["d", "e", "DDDD"],
    ] as const) {
      fs.writeFileSync(`${at.source}/${from}/f`, content);
      fs.renameSync(`${at.source}/${from}`, `${at.source}/${to}`);
      fs.mkdirSync(`${at.source}/${from}`);
      fs.rmdirSync(`${at.source}/${from}`);
    }
    await untilEqualTrees(at.source, at.target);
  });

  test("names that look like patterns are deleted exactly (F-10)", async () => {
    const patterns = { "a*": "", "q?": "", "[ab]": "", "*/f": "", "br[ab]x": "", "a/x": "" };
    await using at = await place((root) => makeTree(root, patterns));
    await using _ = await startMirror(at.setUp);
    const theirs = { a_remote_only: "", axx: "", q1: "", a: "", b: "", z: "", brax: "", keep: "" };
    const { a: _directory, ...besides } = theirs;
    makeTree(at.target, { ...besides, "a/a/x": "", "tree/file": "" });
    for (const name of ["a*", "q?", "[ab]", "*", "br[ab]x", "a/x"]) {
      fs.rmSync(`${at.source}/${name}`, { recursive: true });
    }
    const left = [...Object.keys(theirs), "tree"].sort();
    await expect.poll(() => fs.readdirSync(at.target).sort(), { timeout: 30_000 }).toEqual(left);
    await expect.poll(() => fs.readdirSync(`${at.target}/a`)).toEqual(["a"]);
    expect(fs.existsSync(`${at.target}/a/a/x`)).toBe(true);
  });

  test("a file becomes a directory, a link, and a file again", async () => {
    await using at = await place((root) => makeTree(root, { x: "file", "y/f": "", z: "" }));
    await using _ = await startMirror(at.setUp);
    const become = [
      { "x/in": "directory" },
      { x: { type: "symlink", target: "y" } },
      { x: "file again" },
    ] as const;
    for (const spec of become) {
      fs.rmSync(`${at.source}/x`, { recursive: true });
      makeTree(at.source, spec);
      await untilEqualTrees(at.source, at.target);
    }
  });

  test("ends within seconds of TERM, with exit code 0, and what was sent stays whole", async () => {
    await using at = await place();
    await using mirror = await startMirror(at.setUp);
    for (let i = 0; i < 300; i += 1) fs.writeFileSync(`${at.source}/f${i}`, `content ${i}`);
    await mirror.says(({ msg }) => msg === "delivered");
    const startedAt = performance.now();
    expect(await mirror.terminate()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(9_000); // what it may take at most is ten
    const arrived = fs.readdirSync(at.target);
    for (const name of arrived) {
      const both = [at.source, at.target].map((root) => fs.readFileSync(`${root}/${name}`, "utf8"));
      expect(both[1]).toBe(both[0]);
    }
    const acknowledged = mirror.lines.filter(
      ({ msg, kind }) => msg === "delivered" && kind === "file",
    );
    const lost = acknowledged.filter(({ path = "" }) => !arrived.includes(path));
    expect(lost).toEqual([]);
  });

  test("a second start finds everything in place and sends nothing", async () => {
    await using at = await place((root) => makeTree(root, { "d/f": "content", g: "more" }));
    await using first = await startMirror(at.setUp);
    await first.terminate();
    await using second = await startMirror(at.setUp);
    const delivered = second.lines.filter(({ msg }) => msg === "delivered");
    expect(delivered.filter(({ path }) => path !== ".")).toEqual([]);
    expectEqualTrees(at.source, at.target);
  });
});
