import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { expect, test } from "vitest";
import { conversionOf } from "../../protocol/flist/charset.ts";
import { pull, push, type TransferOptions } from "../../protocol/index.ts";
import { asBytePath, pathFromText } from "../../protocol/path.ts";
import { Session } from "../../protocol/session.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { runRsync, serveModule } from "../support/served.ts";
import { expectEqualTrees, makeTree, type TreeEntry, temporaryDirectory } from "../support/tree.ts";

const large = randomBytes(300_000);

function namesIn(root: string): string[] {
  return fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
}

describeDaemons("what is chosen by name", (version) => {
  test.each([
    ["xxh64", 32],
    ["xxhash", 31],
    ["xxh3", 32],
    ["md5", 30],
    ["md4", 32],
    ["sha1", 32],
    ["xxh128,xxh3", 31],
    ["xxh64,md4", 31],
    ["none,md5", 32],
  ])("--checksum-choice=%s (%i)", async (checksumChoice, protocol) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { large, same: "same", small: "small", other: "12345" });
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const transfer = { recursive: true, times: true, checksumChoice } as const;
    await push(source.path, url, { transfer, protocol });
    makeTree(daemon.path("m"), { large: Buffer.concat([large, Buffer.from("more")]) });
    // Of equal size and time: only its sum tells that it is another one.
    const { atime, mtime } = fs.statSync(`${source.path}/other`);
    fs.writeFileSync(`${daemon.path("m")}/other`, "54321");
    fs.utimesSync(`${daemon.path("m")}/other`, atime, mtime);
    const compared: TransferOptions = { ...transfer, checksum: true };
    const { totals, report } = await push(source.path, url, { transfer: compared, protocol });
    expect(report.errorTexts).toEqual([]);
    expect(report.texts.filter(({ severity }) => severity === "warning")).toEqual([]);
    expect(totals.transferredFiles).toBe(2);
    const isWhole = checksumChoice.startsWith("none");
    expect(totals.literalBytes < 5_000).toBe(!isWhole);
    expect(totals.matchedBytes === 0).toBe(isWhole);
    expectEqualTrees(source.path, daemon.path("m"), { times: protocol > 30, root: false });
  });

  // In each of these the names have another order at the daemon than here.
  test.each([
    ["utf-8", "koi8-r", "юабцдефгхийклмно", 32],
    ["koi8-r", "utf-8", "юабцдефгхийклмно", 31],
    ["utf-8", "iso-8859-1", "äöüéÿ", 29],
    ["gbk", "utf-8", "你好世界汉字", 30],
  ])("--iconv=%s to a module in %s", async (local, charset, letters, protocol) => {
    await using daemon = await startDaemon({ version, modules: { m: { charset } } });
    using source = temporaryDirectory();
    const [here, there] = [local, charset].map((name) => {
      const { fromWire } = conversionOf(name);
      return (text: string) => fromWire(pathFromText(text)) ?? "?";
    }) as [(text: string) => string, (text: string) => string];
    const treeIn = (name: (text: string) => string): Record<string, TreeEntry | string> =>
      Object.fromEntries([
        ...Array.from(letters, (letter) => [name(letter), `file ${letter}`]),
        ...Array.from(letters, (letter) => [name(`${letter}d/${letter}${letter}`), letter]),
        [name("link"), { type: "symlink", target: name("link") }],
      ]);
    makeTree(source.path, treeIn(here));
    makeTree(daemon.path("m"), { [there(`${letters[0]}x`)]: "not here" });
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const transfer = { recursive: true, links: true, times: true, delete: true } as const;
    const iconv = { local, remote: "." };
    const result = await push(source.path, url, { transfer: { ...transfer, iconv }, protocol });
    expect(result.report.errorTexts).toEqual([]);
    const gone = [...result.paths()].filter(({ status }) => status === "deleted");
    expect(gone.map(({ path }) => path)).toEqual([here(`${letters[0]}x`)]);
    using wanted = temporaryDirectory();
    makeTree(wanted.path, treeIn(there));
    expectEqualTrees(wanted.path, daemon.path("m"), { times: false, root: false });
    await using served = await serveModule({ charset });
    const own = `rsync://127.0.0.1:${served.port}/m/`;
    makeTree(served.path, { [there(`${letters[0]}x`)]: "not here" });
    await push(source.path, own, { transfer: { ...transfer, iconv }, protocol });
    expectEqualTrees(wanted.path, served.path, { times: false, root: false });
    const words = ["-rlt", "--delete", `--iconv=${local}`, `--protocol=${protocol}`];
    expect(await runRsync(version, [...words, `${source.path}/`, own])).toMatchObject({ code: 0 });
    expectEqualTrees(wanted.path, served.path, { times: false, root: false });
    for (const from of [url, own]) {
      using back = temporaryDirectory();
      makeTree(back.path, { [here(`${letters[1]}x`)]: "not there" });
      const pulled = await pull(from, back.path, { transfer: { ...transfer, iconv }, protocol });
      expect([pulled.exitCode, pulled.deleted]).toEqual([0, [here(`${letters[1]}x`)]]);
      expectEqualTrees(source.path, back.path, { times: false, root: false });
      expect((await runRsync(version, [...words, "-ni", own, `${back.path}/`])).output).toBe("");
    }
  });

  test.each([true, false])("--iconv leaves out what is no text: %s", async (incremental) => {
    await using daemon = await startDaemon({ version, modules: { m: { charset: "utf-8" } } });
    using source = temporaryDirectory();
    makeTree(source.path, {
      "\xff": "no text",
      "d\xff/deep\xff/a": "below no text",
      "good/a": "text",
      "good/link": { type: "symlink", target: "\xff" },
    });
    makeTree(daemon.path("m"), { kept: "the list is incomplete" });
    const iconv = { local: "utf-8", remote: "utf-8" };
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const transfer = { recursive: true, links: true, delete: true, iconv } as const;
    const result = await push(source.path, url, { transfer, incremental });
    expect(result.exitCode).toBe(23);
    const lost = result.report.errorTexts.filter((text) => text.startsWith("cannot convert"));
    expect(lost.sort()).toEqual([
      "cannot convert the name \\#377",
      "cannot convert the name d\\#377",
      "cannot convert the target of good/link",
    ]);
    expect(namesIn(daemon.path("m"))).toEqual(["good", "good/a", "kept"]);
    // Before protocol 30 nobody converts what links lead to.
    await push(source.path, url, { transfer, protocol: 29 });
    expect(namesIn(daemon.path("m"))).toEqual(["good", "good/a", "good/link", "kept"]);
  });

  test("--iconv leaves out of a pull what has no name here, and says so", async () => {
    await using daemon = await startDaemon({ version, modules: { m: { charset: "utf-8" } } });
    using source = temporaryDirectory();
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    makeTree(daemon.path("m"), { "\xc3\xa9": "not in ascii" });
    makeTree(source.path, { extra: "stays: it may be that name" });
    const asked = { recursive: true, delete: true, iconv: { local: "ascii", remote: "utf-8" } };
    const pulled = await pull(url, source.path, { transfer: asked });
    expect([pulled.exitCode, pulled.errorTexts]).toEqual([23, ["cannot convert filename: é"]]);
    expect(fs.existsSync(`${source.path}/extra`)).toBe(true);
  });

  test("--checksum-seed is the session's seed", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    const target = { host: "127.0.0.1", port: daemon.port, module: "m", directory: asBytePath("") };
    const session = await Session.open(target, { transfer: { recursive: true, checksumSeed: -5 } });
    expect(session.agreement.seed).toBe(-5);
    session.close();
  });

  test("--skip-compress sends files as they are, and no others", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    const dull = Buffer.alloc(200_000, "compresses well, ");
    makeTree(source.path, { "a.GZ": dull, "b.mp4": dull, "c.mp5": dull, gz: dull });
    const sent = async (skipCompress: readonly string[], compress: "zlibx" | "zlib") => {
      const transfer = { recursive: true, ignoreTimes: true, wholeFile: true, compress };
      const { totals } = await push(source.path, `rsync://127.0.0.1:${daemon.port}/m/`, {
        transfer: { ...transfer, skipCompress },
      });
      expectEqualTrees(source.path, daemon.path("m"), { times: false, root: false });
      return Math.round(totals.sentBytes / dull.length);
    };
    expect(await sent([], "zlibx")).toBe(0);
    expect(await sent(["gz", "mp[34]"], "zlibx")).toBe(2);
    expect(await sent(["gz", "mp[34]"], "zlib")).toBe(2);
    expect(await sent(["*"], "zlibx")).toBe(4);
  });

  test("a choice that nobody has is refused before anything is sent", async () => {
    const refused = push({ a: "" }, "rsync://127.0.0.1:9/m/", {
      transfer: { checksumChoice: "crc32" },
    });
    await expect(refused).rejects.toMatchObject({ code: "BAD_OPTION" });
    const suffix = push({ a: "" }, "rsync://127.0.0.1:9/m/", {
      transfer: { skipCompress: ["a*b"] },
    });
    await expect(suffix).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});
