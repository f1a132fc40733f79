import { once } from "node:events";
import fs from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { asBytePath, type PullOptions, pull, type TransferOptions } from "../../protocol/index.ts";
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
      for (let times = 0; times < 2; times += 1) {
        const pulled = pull(`rsync://127.0.0.1:${daemon.port}/m/`, here, { transfer });
        const refusal = await pulled.then(
          () => "",
          ({ message }: Error) => message,
        );
        // A link is no directory for temporary files: nothing is even begun.
        expect(refusal).toBe(name === "tmp" ? "The temp-dir does not exist: tmp" : "");
      }
      expect(readTree(outside)).toEqual(before);
      expect(fs.statSync(path.join(outside, "file")).nlink).toBe(1);
    }
  });
});

interface Changed extends AsyncDisposable {
  readonly port: number;
}

/** A daemon that answers another question than the one it was asked: `from` becomes `to` on the way. */
async function changedDaemon(port: number, from: string, to: string): Promise<Changed> {
  const server = net.createServer((client) => {
    const daemon = net.connect(port, "127.0.0.1");
    for (const socket of [client, daemon]) socket.on("error", () => {});
    client.on("close", () => daemon.destroy());
    daemon.pipe(client);
    client.on("data", (chunk) => {
      daemon.write(Buffer.from(chunk.toString("latin1").replaceAll(from, to), "latin1"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

type Lie = readonly [from: string, to: string, place: string, options: PullOptions];

const recursive: TransferOptions = { recursive: true };
const relative: TransferOptions = { recursive: true, relative: true };
const lies: readonly Lie[] = [
  ["m/dir\0", "m/\0", "dir", { transfer: recursive }],
  ["m/dir\0", "m/dir/\0", "dir", { transfer: recursive }],
  ["m/dir\0", "m/dir2\0", "dir", { transfer: recursive, incremental: false }],
  ["m/d*\0", "m/top\0", "d*", { transfer: recursive, wildcards: true }],
  ["m/top\0", "m/dir/f\0", "top", { transfer: {} }],
  ["m/dir/sub\0", "m/dir\0", "dir/sub", { transfer: relative }],
  ["m/dir/./sub\0", "m/dir/./\0", "dir/./sub", { transfer: relative }],
  ["- secret", "- sxcret", "dir/", { transfer: recursive, filter: ["- secret"] }],
  ["dir/f", "./top", "", { transfer: {}, filesFrom: { names: ["dir/f"] } }],
];

describeDaemons("what a daemon lists that nobody asked for", (version) => {
  test("ends the pull, whatever it was asked for, unless it is trusted", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    const all = { "dir/f": "f", "dir/secret": "s", "dir/sub/g": "g", "dir2/x": "x", top: "t" };
    makeTree(daemon.path("m"), all);
    using work = temporaryDirectory();
    for (const [at, [from, to, place, options]] of lies.entries()) {
      await using liar = await changedDaemon(daemon.port, from, to);
      const url = `rsync://127.0.0.1:${liar.port}/m/${place}`;
      const here = path.join(work.path, `${at}`);
      fs.mkdirSync(here);
      const lied = pull(url, here, options);
      await expect(lied, `${from} is ${to}`).rejects.toMatchObject({ code: "UNREQUESTED" });
      const files = [...readTree(here).values()].filter(({ type }) => type === "file");
      expect(files, `${from} is ${to}`).toEqual([]);
      const trusting = await pull(url, here, { ...options, trustsSender: true });
      expect(trusting.exitCode).toBe(0);
      expect(trusting.totals.transferredFiles).toBeGreaterThan(0);
    }
  });

  test.each([32, 29])("at protocol %i -R takes paths that begin with a slash", async (protocol) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    // A daemon in a chroot tells them so; these sort before what the root itself is called.
    const all = { "!": "mark", "-": "dash", "d/f": "f", "e/!": "other mark" };
    makeTree(daemon.path("m"), all);
    using work = temporaryDirectory();
    const places = [{ directory: asBytePath("d/f"), namesFile: true }];
    for (const [place, moreSources, wanted] of [
      ["", [], ["!", "-", "d/f", "e/!"]],
      ["e/", places, ["d/f", "e/!"]],
    ] as const) {
      const here = path.join(work.path, `${place.length}`);
      const url = `rsync://127.0.0.1:${daemon.port}/m/${place}`;
      const { exitCode } = await pull(url, here, { transfer: relative, protocol, moreSources });
      expect(exitCode).toBe(0);
      const found = wanted.map((name) => fs.readFileSync(path.join(here, name), "utf8"));
      expect(found).toEqual(wanted.map((name) => all[name]));
    }
  });
});
