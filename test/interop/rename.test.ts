import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, nativePath } from "../../protocol/path.ts";
import type { Parameters } from "../support/daemon.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { hostileNames } from "../support/hostile.ts";
import { startMeter } from "../support/meter.ts";
import { type MirrorSetUp, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, type TreeSpec, temporaryDirectory } from "../support/tree.ts";

const megabyte = 1024 * 1024;
/** Who daemons are, unless their configuration says otherwise. */
const nobody = 65_534;
/** Of a size that nobody sends by mistake unseen. */
const content = randomBytes(megabyte);

describeDaemons("a rename", (version) => {
  interface Place extends Partial<Omit<MirrorSetUp, "source" | "port" | "remotes">> {
    readonly module?: Parameters;
    readonly remote?: string;
    /** False where something is left out. */
    readonly isEqual?: boolean;
  }

  /** A mirror of `tree` that has caught up, with a meter between it and its daemon. */
  async function place(
    tree: TreeSpec,
    { module = {}, remote = "backup", isEqual = true, ...options }: Place = {},
  ) {
    const daemon = await startDaemon({ version, modules: { backup: module } });
    if (module["uid"] !== undefined) fs.chownSync(daemon.path("backup"), nobody, nobody);
    const meter = await startMeter(daemon.port);
    const source = temporaryDirectory();
    makeTree(source.path, tree);
    const mirror = await startMirror({
      source: source.path,
      port: meter.port,
      remotes: [{ module: remote }],
      ...options,
    });
    const target = daemon.path("backup") + remote.slice("backup".length);
    if (isEqual) await untilEqualTrees(source.path, target);
    meter.reset();
    const inode = (name: string) => fs.lstatSync(`${target}/${name}`).ino;
    return {
      daemon,
      meter,
      mirror,
      inode,
      target,
      source: source.path,
      move: (from: string, to: string) =>
        fs.renameSync(`${source.path}/${from}`, `${source.path}/${to}`),
      equal: () => untilEqualTrees(source.path, target, { explain: mirror.output }),
      [Symbol.asyncDispose]: async () => {
        await mirror[Symbol.asyncDispose]();
        await meter[Symbol.asyncDispose]();
        await daemon.remove();
        source[Symbol.dispose]();
      },
    };
  }

  test("of 50 MB costs less than 10 KB on the wire, and keeps the inode", async () => {
    await using at = await place({ old: Buffer.alloc(50 * megabyte, content) });
    const inode = at.inode("old");
    at.move("old", "new");
    await at.equal();
    expect(at.inode("new")).toBe(inode);
    expect(at.meter.bytes).toBeLessThan(10_000);
  });

  test.each([
    ["at its own level", "d", "e"],
    ["upwards", "a/b/d", "e"],
    ["downwards", "d", "a/b/e"],
  ])("of a directory with some hundred files %s sends none of them", async (_where, from, to) => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [
        `${from}/s${i % 7}/t/${i}`,
        content.subarray(i, i + 20_000),
      ]),
    );
    await using at = await place({
      ...files,
      [`${from}/deep/link`]: { type: "symlink", target: "x" },
      "a/b/c": "",
    });
    at.move(from, to);
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(100_000);
  });

  test("of every hostile name, of files and of directories, arrives", async () => {
    const names = hostileNames.filter((name) => name.length < 200);
    const spec = names.flatMap((name) => [
      [name, content.subarray(0, 5_000)] as const,
      [`dirs/${name}/in/${name}`, content.subarray(0, 5_000)] as const,
    ]);
    await using at = await place(Object.fromEntries(spec));
    for (const [index, name] of names.entries()) {
      const other = names[(index + 1) % names.length];
      const rename = (from: string, to: string) =>
        fs.renameSync(
          nativePath(at.source, asBytePath(from)),
          nativePath(at.source, asBytePath(to)),
        );
      rename(name, `${other}+`);
      rename(`dirs/${name}`, `dirs/${other}+`);
    }
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(0.7 * names.length * 2 * 5_000);
  });

  test("one after the other, as of logs, sends nothing", async () => {
    const logs = { log: content, "log.1": content.subarray(1), "log.2": content.subarray(2) };
    await using at = await place(logs);
    at.move("log.2", "log.3");
    at.move("log.1", "log.2");
    at.move("log", "log.1");
    fs.writeFileSync(`${at.source}/log`, "new");
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(30_000);
  });

  test("in chains, in circles and over others ends right", async () => {
    await using at = await place({
      a: "a",
      b: "b".repeat(900),
      c: "c".repeat(900),
      "d/x": "x".repeat(900),
      "e/x": "y".repeat(900),
      f: "f".repeat(900),
    });
    at.move("a", "t");
    at.move("b", "a");
    at.move("t", "b");
    at.move("d", "t");
    at.move("e", "d");
    at.move("t", "e");
    at.move("c", "c1");
    at.move("c1", "c2");
    at.move("c2", "f");
    await at.equal();
    at.move("f", "g");
    at.move("g", "f");
    at.move("d", "e/x2");
    at.move("e", "d");
    await at.equal();
  });

  test("of what has changed just before or after brings the change along", async () => {
    await using at = await place({ f: "A".repeat(4_000), "d/f": "A".repeat(4_000), "d/g": "G" });
    const time = 1_750_000_000;
    for (const [round, letter] of ["B", "C", "D", "E"].entries()) {
      const [from, to] = round % 2 === 0 ? ["", "+"] : ["+", ""];
      const change = (name: string) => {
        fs.writeFileSync(`${at.source}/${name}`, letter.repeat(4_000));
        fs.utimesSync(`${at.source}/${name}`, time, time);
      };
      change(`f${from}`);
      change(`d${from}/f`);
      at.move(`f${from}`, `f${to}`);
      at.move(`d${from}`, `d${to}`);
      if (round > 1) change(`d${to}/f`);
      if (round > 1) change(`f${to}`);
      await at.equal();
    }
  });

  test("of a directory that changes meanwhile misses nothing", async () => {
    const files = Array.from({ length: 400 }, (_, i) => [`d/${i}`, content.subarray(0, 3_000)]);
    await using at = await place(Object.fromEntries(files));
    at.move("d", "e");
    for (let i = 0; i < 400; i += 3) {
      if (i % 2 === 0) fs.writeFileSync(`${at.source}/e/${i}`, `changed ${i}`);
      else fs.renameSync(`${at.source}/e/${i}`, `${at.source}/e/n${i}`);
      if (i % 5 === 0) fs.rmSync(`${at.source}/e/${i + 1}`);
    }
    fs.mkdirSync(`${at.source}/d`);
    fs.writeFileSync(`${at.source}/d/7`, "another");
    at.move("e", "f");
    fs.chmodSync(`${at.source}/f/8`, 0o600);
    await at.equal();
  });

  test("whose old name is in use again leaves nothing in common", async () => {
    await using at = await place({ "d/f": content, f: content });
    at.move("d", "e");
    at.move("f", "g");
    fs.cpSync(`${at.source}/e`, `${at.source}/d`, { recursive: true, preserveTimestamps: true });
    fs.cpSync(`${at.source}/g`, `${at.source}/f`, { preserveTimestamps: true });
    fs.chmodSync(`${at.source}/d/f`, 0o600);
    fs.chmodSync(`${at.source}/f`, 0o600);
    await at.equal();
    expect(at.inode("d/f")).not.toBe(at.inode("e/f"));
    expect(at.inode("f")).not.toBe(at.inode("g"));
  });

  test("of files out of a directory that goes itself", async () => {
    await using at = await place({ "d/1": content, "d/2": content.subarray(1), keep: "" });
    fs.mkdirSync(`${at.source}/e`);
    at.move("d/1", "e/1");
    at.move("d/2", "e/2");
    fs.rmdirSync(`${at.source}/d`);
    await at.equal();
  });

  test("between names of which one is excluded", async () => {
    const filter = ["(.*)\\.tmp"];
    await using at = await place(
      { a: content, "in/x": content, "in/y.tmp": "", "d/y.tmp": "" },
      { filter, isEqual: false },
    );
    fs.writeFileSync(`${at.target}/d/z.tmp`, "theirs");
    fs.writeFileSync(`${at.source}/b.tmp`, content);
    at.move("b.tmp", "b");
    at.move("a", "a.tmp");
    at.move("d", "e");
    at.move("in", "on");
    await eventually(() => fs.existsSync(`${at.target}/on/x`)).toBe(true);
    await eventually(() => fs.readdirSync(at.target).sort()).toEqual(["b", "d", "e", "on"]);
    expect(fs.readdirSync(`${at.target}/d`)).toEqual(["z.tmp"]);
  });

  test("without deletions sends the new name, and the old one stays alone", async () => {
    await using at = await place({ old: content, "d/f": content }, { events: { delete: false } });
    at.move("old", "new");
    at.move("d", "e");
    await eventually(() => fs.existsSync(`${at.target}/e/f`)).toBe(true);
    await eventually(() => fs.existsSync(`${at.target}/new`)).toBe(true);
    expect(fs.readdirSync(at.target).sort()).toEqual(["d", "e", "new", "old"]);
    expect(at.inode("old")).not.toBe(at.inode("new"));
  });

  test.each([
    ["-aI", {}],
    ["-au", {}],
    ["-a --size-only", {}],
    ["-a --inplace", {}],
    ["-aH", {}],
    ["-az", {}],
    ["-a", { "refuse options": "hard-links" }],
    ["-a", { "refuse options": "hard-links link-dest" }],
    ["-a", { "use chroot": false }],
  ])("with %s at a daemon with %o", async (params, module) => {
    await using at = await place(
      { old: content, "d/f": content, "d/g/h": content },
      { params, module },
    );
    at.move("old", "new");
    at.move("d", "e");
    const equal = () => fs.existsSync(`${at.target}/new`) && fs.existsSync(`${at.target}/e/g/h`);
    await eventually(equal).toBe(true);
    await at.equal();
    expect(at.mirror.output()).not.toMatch(/"level":"error"/);
  });

  test("of what the target has lost or changed is sent", async () => {
    await using at = await place({
      lost: content,
      changed: content,
      "d/lost": content,
      "d/changed": content,
      "d/f": content,
    });
    fs.rmSync(`${at.target}/lost`);
    fs.rmSync(`${at.target}/d/lost`);
    fs.writeFileSync(`${at.target}/changed`, "theirs");
    fs.writeFileSync(`${at.target}/d/changed`, "theirs");
    for (const name of ["lost", "changed"]) at.move(name, `${name}+`);
    at.move("d", "e");
    await at.equal();
  });

  test("while the daemon is away is made up for without the content", async () => {
    await using at = await place({
      old: Buffer.alloc(8 * megabyte, content),
      "d/f": Buffer.alloc(8 * megabyte, content),
    });
    await at.daemon.kill();
    at.move("old", "new");
    at.move("d", "e");
    await at.mirror.says(({ msg }) => msg.includes("trying again"));
    await at.daemon.restart();
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(megabyte);
  });

  test("for which no session can be had at first sends no content either", async () => {
    await using at = await place({ old: content, "d/f": content });
    at.meter.refuse(1);
    at.move("old", "new");
    at.move("d", "e");
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(megabyte / 4);
  });

  test("below a directory of the module, with a name that needs escaping", async () => {
    await using at = await place(
      { "a[b]*/f": content, "x/y": "", "b\\s/f": content.subarray(1) },
      { remote: "backup/s u b" },
    );
    at.move("a[b]*", "x/c [d]?");
    await at.equal();
    at.move("x/c [d]?", "-e");
    await at.equal();
    at.move("b\\s", "b\\t");
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(40_000);
  });

  test.each(["-extras", "-rf"])("below %s, which is no option, sends no content", async (name) => {
    await using at = await place({ [`${name}/a/f`]: content, f: "in the root" });
    at.move(`${name}/a`, `${name}/b`);
    await at.equal();
    expect(at.meter.bytes).toBeLessThan(megabyte / 4);
  });

  test("of a file with several names (-H), and the names of many, stay what they are", async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`a${i}`, `${i}`]));
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { ...files, "d/f": content });
    for (const name of Object.keys(files)) {
      fs.linkSync(`${source.path}/${name}`, `${source.path}/z${name}`);
    }
    fs.linkSync(`${source.path}/d/f`, `${source.path}/f`);
    await using _ = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
      params: "-aH",
    });
    const target = daemon.path("backup");
    await untilEqualTrees(source.path, target);
    const stats = (name: string) => fs.lstatSync(`${target}/${name}`, { throwIfNoEntry: false });
    const inode = (name: string) => stats(name)?.ino;
    const apart = Object.keys(files).filter((name) => inode(name) !== inode(`z${name}`));
    expect(apart).toEqual([]);
    expect(inode("f")).toBe(inode("d/f"));
    fs.renameSync(`${source.path}/f`, `${source.path}/g`);
    await untilEqualTrees(source.path, target);
    expect(inode("g")).toBe(inode("d/f"));
    // One of its names is written to, another one is made: they are one object still.
    fs.appendFileSync(`${source.path}/g`, "more");
    fs.linkSync(`${source.path}/g`, `${source.path}/d/h`);
    fs.writeFileSync(`${source.path}/a7`, "written under one of two names");
    const names = () => ["d/f", "g", "d/h"].map((name) => stats(name)?.ino);
    await eventually(names).toSatisfy((all) => new Set(all).size === 1 && all[0] !== undefined);
    await eventually(() => stats("za7")?.ino === stats("a7")?.ino).toBe(true);
    await untilEqualTrees(source.path, target);
    expect(stats("g")?.nlink).toBe(3);
    expect(stats("a7")?.nlink).toBe(2);
  });

  const isRoot = process.getuid?.() === 0;
  const notRoot = { uid: "nobody", gid: "nogroup" };
  const readOnly = { type: "file", content: Buffer.from(content), mode: 0o444 } as const;

  test.skipIf(!isRoot)("leaves files read-only where the daemon is not root", async () => {
    const tree = { a: readOnly, "d/b": readOnly };
    await using at = await place(tree, { module: notRoot, isEqual: false });
    const modeOf = (name: string) =>
      fs.lstatSync(`${at.target}/${name}`, { throwIfNoEntry: false })?.mode ?? 0;
    const modes = () => ["f", "e/b", "a", "d/b"].map((name) => modeOf(name) & 0o777);
    at.move("d", "e");
    at.move("a", "f");
    await eventually(modes).toEqual([0o444, 0o444, 0, 0]);
    expect(at.meter.bytes).toBeLessThan(megabyte / 4);
  });

  test.skipIf(!isRoot)("so does a deletion leave the other names of a file (-H)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: notRoot } });
    const target = daemon.path("backup");
    fs.chownSync(target, nobody, nobody);
    using source = temporaryDirectory();
    makeTree(source.path, { "g/one": readOnly, "h/x": "", "i/x": "" });
    const names = ["g/one", "g/two", "h/three", "i/four"];
    for (const name of names.slice(1)) {
      fs.linkSync(`${source.path}/g/one`, `${source.path}/${name}`);
    }
    const remotes = [{ module: "backup" }];
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes,
      params: "-aH",
    });
    await mirror.says(({ msg }) => msg === "full push complete");
    const stats = (name: string) => fs.lstatSync(`${target}/${name}`, { throwIfNoEntry: false });
    expect(names.map((name) => stats(name)?.nlink)).toEqual([4, 4, 4, 4]);
    fs.rmSync(`${source.path}/g/two`);
    fs.rmSync(`${source.path}/h`, { recursive: true });
    const modes = () => names.map((name) => (stats(name)?.mode ?? 0) & 0o777);
    await eventually(modes).toEqual([0o444, 0, 0, 0o444]);
  });
});
