import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalTree, PathList, push } from "../../protocol/index.ts";
import { asBytePath } from "../../protocol/path.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { type Daemon, describeDaemons, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { collectOutputs } from "../support/outputs.ts";
import {
  expectEqualTrees,
  makeTree,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../support/tree.ts";
import {
  accessList,
  attributesOf,
  hasAttributes,
  readAttributes,
  setAttribute,
} from "../support/xattr.ts";

const transfer = {
  recursive: true,
  links: true,
  hardLinks: true,
  times: true,
  owner: true,
  group: true,
  acls: true,
  xattrs: true,
} as const;

const ofUser = accessList(["owner", 6], ["user", 7, 1234], ["group", 4], ["mask", 7], ["other", 0]);
const ofGroup = accessList(
  ["owner", 6],
  ["user", 1, 1],
  ["user", 2, 1234],
  ["group", 4],
  ["namedGroup", 5, 4321],
  ["mask", 5],
  ["other", 4],
);
const inherited = accessList(["owner", 7], ["user", 5, 2], ["group", 5], ["mask", 5], ["other", 0]);

function makeAttributes(root: string): void {
  makeTree(root, {
    plain: "",
    a: "hello",
    "dir/b": "hello",
    "dir/in/c": "",
    link: { type: "symlink", target: "a" },
  });
  fs.linkSync(`${root}/a`, `${root}/z`);
  setAttribute(`${root}/a`, "user.short", "value");
  setAttribute(`${root}/a`, "user.zz", Buffer.alloc(2_000, "long"));
  setAttribute(`${root}/a`, "user.empty", "");
  setAttribute(`${root}/a`, "trusted.ours", Buffer.from([0, 255, 10]));
  setAttribute(`${root}/a`, "user.rsync.%stat", "not for others");
  setAttribute(`${root}/dir/b`, "user.short", "value");
  setAttribute(`${root}/dir`, "user.long", Buffer.alloc(33, "x"));
  setAttribute(`${root}/dir`, "user.bü", "a name");
  setAttribute(`${root}/link`, "trusted.link", Buffer.alloc(100, "y"));
  setAttribute(`${root}/a`, "system.posix_acl_access", ofUser);
  setAttribute(`${root}/dir/b`, "system.posix_acl_access", ofGroup);
  setAttribute(`${root}/dir`, "system.posix_acl_access", inherited);
  setAttribute(`${root}/dir`, "system.posix_acl_default", inherited);
  setAttribute(`${root}/dir/in`, "system.posix_acl_default", ofUser);
}

/** What of a source's attributes is to arrive. */
function wanted(root: string): ReturnType<typeof attributesOf> {
  const found = attributesOf(root);
  for (const attributes of Object.values(found)) delete attributes["user.rsync.%stat"];
  return found;
}

describeDaemons("access lists and extended attributes", (version) => {
  let daemon: Daemon;
  let source: TemporaryDirectory;
  let root: string;

  beforeAll(async () => {
    daemon = await startDaemon({ version, modules: { m: {}, t: {}, r: {} } });
    source = temporaryDirectory();
    root = source.path;
    if (hasAttributes) makeAttributes(root);
  });
  afterAll(async () => {
    await daemon.remove();
    source[Symbol.dispose]();
  });

  test.skipIf(!hasAttributes).each([30, 31, 32])(
    "arrive, and so do changes (%i)",
    async (protocol) => {
      const url = `rsync://127.0.0.1:${daemon.port}/m/${protocol} /`;
      const target = `${daemon.path("m")}/${protocol} `;
      const result = await push(root, url, { transfer, protocol });
      expect(result.exitCode).toBe(0);
      expect(attributesOf(target)).toEqual(wanted(root));
      const times = protocol > 30;
      expectEqualTrees(root, target, { owners: true, times });
      const again = await push(root, url, { transfer, protocol });
      expect(again.totals.transferredFiles).toBe(0);

      setAttribute(`${root}/a`, "user.zz", Buffer.alloc(1_500, `${protocol}`));
      setAttribute(`${root}/link`, "trusted.link", Buffer.alloc(50, `${protocol}`));
      setAttribute(`${root}/dir/in`, "user.new", Buffer.alloc(40, `${protocol}`));
      setAttribute(`${root}/dir/b`, "system.posix_acl_access", protocol === 31 ? ofUser : ofGroup);
      const changed = await push(root, url, { transfer, protocol });
      expect(changed.totals.transferredFiles).toBe(0);
      expect(attributesOf(target)).toEqual(wanted(root));
    },
  );

  test.skipIf(!hasAttributes)("are chosen by rules, and all are sent with -XX", async () => {
    const url = `rsync://127.0.0.1:${daemon.port}/r/chosen/`;
    const named = (): string[] => Object.keys(readAttributes(`${daemon.path("r")}/chosen/a`));
    const filter = ["-x user.z*", "+x user.*", "-x *"];
    await push(root, url, { transfer: { ...transfer, acls: false }, filter });
    expect(named()).toEqual(["user.empty", "user.short"]);
    await push(root, url, { transfer: { ...transfer, acls: false, xattrs: "all" }, filter });
    expect(named()).toEqual(["user.empty", "user.rsync.%stat", "user.short"]);
  });

  test("times of access go with -U, and --open-noatime leaves ours", async () => {
    using tree = temporaryDirectory();
    makeTree(tree.path, { a: "content", b: "", "d/c": "more" });
    const read = (root: string): number[] =>
      ["a", "b", "d/c"].map((name) => Math.floor(fs.lstatSync(`${root}/${name}`).atimeMs / 1e3));
    for (const protocol of [30, 32]) {
      for (const [at, name] of ["a", "b", "d/c"].entries()) {
        fs.utimesSync(`${tree.path}/${name}`, 86_400 * 365 * 40 * (at + 1), 1_000_000_000);
      }
      const before = read(tree.path);
      const url = `rsync://127.0.0.1:${daemon.port}/r/atimes${protocol}/`;
      const times = { recursive: true, links: true, times: true, atimes: true, openNoatime: true };
      const result = await push(tree.path, url, { transfer: times, protocol });
      expect(result.totals.transferredFiles).toBe(3);
      expect(read(`${daemon.path("r")}/atimes${protocol}`)).toEqual(before);
      expect(read(tree.path)).toEqual(before);
    }
    const old = push(tree.path, `rsync://127.0.0.1:${daemon.port}/r/`, {
      transfer: { ...transfer, acls: false, xattrs: false, atimes: true },
      protocol: 29,
    });
    await expect(old).rejects.toThrow(/--atimes.*protocol 30/);
  });

  test.skipIf(process.getuid?.() !== 0)("--copy-devices sends devices as files", async () => {
    using tree = temporaryDirectory();
    spawnSync("mknod", [`${tree.path}/null`, "c", "1", "3"]);
    const url = `rsync://127.0.0.1:${daemon.port}/r/devices/`;
    const copied = { recursive: true, perms: true, devices: true, copyDevices: true };
    expect((await push(tree.path, url, { transfer: copied })).exitCode).toBe(0);
    expect(fs.lstatSync(`${daemon.path("r")}/devices/null`).isFile()).toBe(true);
  });

  test.skipIf(!hasAttributes)("of deletions and of names in between do no harm", async () => {
    const target = daemon.path("t");
    makeTree(target, { gone: "", "dir/gone": "" });
    const paths = ["a", "gone", "dir/b", "dir/gone"].map(asBytePath);
    const list = new PathList(new LocalTree(root), paths, { missing: "delete" });
    const result = await push(list, `rsync://127.0.0.1:${daemon.port}/t/`, { transfer });
    expect(result.failures()).toEqual([]);
    expect(Object.keys(attributesOf(target))).toEqual(["", "a", "dir", "dir/b"]);
    expect(readAttributes(`${target}/a`)).toEqual(wanted(root)["a"]);
    expect(readAttributes(`${target}/dir/b`)).toEqual(wanted(root)["dir/b"]);
  });

  test.skipIf(!hasAttributes)("of an object that another has replaced are not read", async () => {
    using other = temporaryDirectory();
    makeTree(other.path, { f: "same" });
    const tree = new LocalTree(other.path);
    const entry = tree.lstat(asBytePath("f"));
    fs.renameSync(`${other.path}/f`, `${other.path}/g`);
    makeTree(other.path, { f: "same" });
    setAttribute(`${other.path}/f`, "user.secret", "of another");
    const attributes = tree.attributes(entry as NonNullable<typeof entry>);
    expect(attributes.names()).toEqual([]);
    expect(attributes.value("user.secret")).toBeUndefined();
    attributes.close();
  });

  test.skipIf(!hasAttributes)("are told of as rsync tells of them", async () => {
    using here = temporaryDirectory();
    makeTree(here.path, { f: "" });
    const url = `rsync://127.0.0.1:${daemon.port}/r/`;
    const run = async () => {
      const { told, outputs } = collectOutputs();
      const words = ["-rtAXi", `${here.path}/f`, url];
      const code = await runPush(parsePush(words, {}), outputs);
      return { code, out: told.out };
    };
    expect(await run()).toEqual({ code: 0, out: "<f+++++++++ f\n" });
    setAttribute(`${here.path}/f`, "user.x", "x");
    setAttribute(`${here.path}/f`, "system.posix_acl_access", ofUser);
    expect((await run()).out).toBe(".f.......ax f\n");
  });

  test.skipIf(!hasAttributes)("come from memory, too", async () => {
    const xattrs = { "user.ä": "text", "user.long": Buffer.alloc(100, "z") };
    const tree = { f: { content: "x", xattrs }, d: { type: "directory", xattrs } } as const;
    const url = `rsync://127.0.0.1:${daemon.port}/r/made`;
    expect((await push(tree, url, { transfer: { recursive: true, xattrs: true } })).exitCode).toBe(
      0,
    );
    const found = attributesOf(`${daemon.path("r")}/made`);
    expect(found["f"]).toEqual({
      [Buffer.from("user.ä").toString("latin1")]: Buffer.from("text").toString("base64"),
      "user.long": xattrs["user.long"].toString("base64"),
    });
    expect(found["d"]).toEqual(found["f"]);
  });

  test("are refused below protocol 30", async () => {
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    await expect(push({ a: "" }, url, { transfer, protocol: 29 })).rejects.toMatchObject({
      code: "PROTOCOL_MISMATCH",
    });
  });

  test.skipIf(!hasAttributes)("are mirrored, by -A and -X in params", async () => {
    await using backup = await startDaemon({ version, modules: { backup: {} } });
    using here = temporaryDirectory();
    makeTree(here.path, { "d/f": "content" });
    setAttribute(`${here.path}/d/f`, "user.before", "x");
    await using mirror = await startMirror({
      source: here.path,
      port: backup.port,
      remotes: [{ module: "backup" }],
      params: "-artuzAX",
    });
    const target = backup.path("backup");
    await untilEqualTrees(here.path, target, { explain: mirror.output });
    setAttribute(`${here.path}/d/f`, "user.after", Buffer.alloc(1_000, "y"));
    setAttribute(`${here.path}/d`, "system.posix_acl_default", inherited);
    await eventually(() => attributesOf(target)).toEqual(attributesOf(here.path));
  });
});
