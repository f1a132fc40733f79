import fs from "node:fs";
import { expect, test } from "vitest";
import { push, type TransferOptions } from "../../protocol/index.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const large = 700_000;

describeDaemons("--append", (version) => {
  test.each([
    [27, false],
    [28, false],
    [29, false],
    [30, "zlib"],
    [32, false],
    [32, "zlibx"],
  ] as const)("sends only what is missing at the end (%i, %s)", async (protocol, compress) => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    const content = Buffer.alloc(large);
    for (let i = 0; i < large; i += 1) content[i] = (i * 7919) >>> 5;
    makeTree(source.path, { short: "hello world", long: content, same: "same", new: "new" });
    const send = async (append: NonNullable<TransferOptions["append"]>) => {
      makeTree(daemon.path("m"), {
        short: "hello",
        long: content.subarray(0, 600_000),
        same: "SAME",
      });
      const transfer = { recursive: true, times: true, append, compress };
      return push(source.path, `rsync://127.0.0.1:${daemon.port}/m/`, { transfer, protocol });
    };
    for (const append of [true, "verify"] as const) {
      fs.rmSync(daemon.path("m"), { recursive: true });
      const { exitCode, totals, report } = await send(append);
      expect(report.errorTexts).toEqual([]);
      expect(exitCode).toBe(0);
      expect(totals.literalBytes).toBe(6 + 100_000 + 3);
      expect(fs.readFileSync(`${daemon.path("m")}/long`).equals(content)).toBe(true);
      expect(fs.readFileSync(`${daemon.path("m")}/short`, "utf8")).toBe("hello world");
      expect(fs.readFileSync(`${daemon.path("m")}/same`, "utf8")).toBe("SAME");
    }
  });

  test("keeps what is there, right or wrong, and --append-verify puts it right", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { f: `right${"x".repeat(5_000)}` });
    makeTree(daemon.path("m"), { f: "wrong" });
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const there = () => fs.readFileSync(`${daemon.path("m")}/f`, "utf8").slice(0, 7);
    await push(source.path, url, { transfer: { recursive: true, times: true, append: true } });
    expect(there()).toBe("wrongxx");
    makeTree(daemon.path("m"), { f: "wrong" });
    const verified = await push(source.path, url, {
      transfer: { recursive: true, times: true, append: "verify" },
    });
    expect(there()).toBe("rightxx");
    expect(verified.exitCode).toBe(0);
  });

  test("sends nothing of a file that has become shorter, and goes on", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { a: "0123456789", b: "0123456789" });
    makeTree(daemon.path("m"), { a: "01234", b: "01234" });
    const result = await push(source.path, `rsync://127.0.0.1:${daemon.port}/m/`, {
      transfer: { recursive: true, times: true, append: true },
      listed: () => fs.truncateSync(`${source.path}/a`, 7),
    });
    expect(result.exitCode).toBe(23);
    expect(result.failures().map(({ path }) => path)).toEqual(["a"]);
    expect(fs.readFileSync(`${daemon.path("m")}/a`, "utf8")).toBe("01234");
    expect(fs.readFileSync(`${daemon.path("m")}/b`, "utf8")).toBe("0123456789");
  });
});
