import fs from "node:fs";
import { expect, test } from "vitest";
import type { RsyncError } from "../../protocol/errors.ts";
import type { SessionFeatures } from "../../protocol/handshake/argv.ts";
import type { TransferOptions } from "../../protocol/options.ts";
import { asBytePath } from "../../protocol/path.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import type { FileSource } from "../../protocol/source/source.ts";
import type { Target } from "../../protocol/target.ts";
import {
  type Daemon,
  type DaemonOptions,
  describeDaemons,
  type Parameters,
  startDaemon,
} from "../support/daemon.ts";
import { expectEqualTrees, makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const credentials = { user: "rsync_backup", password: "s3cret" };
const transfer: TransferOptions = { recursive: true, times: true, perms: true };

interface Attempt {
  readonly target?: Partial<Target>;
  readonly features?: SessionFeatures;
  readonly source?: (tree: LocalTree) => FileSource;
}

/** Pushes one file of 5 bytes; the error, if there was one. */
async function attempt(daemon: Daemon, options: Attempt = {}): Promise<RsyncError | undefined> {
  using source = temporaryDirectory();
  makeTree(source.path, { f: "first" });
  const tree = new LocalTree(source.path);
  const target = { host: daemon.host, port: daemon.port, module: "m", ...options.target };
  const { features = { acknowledge: true } } = options;
  try {
    const session = await Session.open(target, { transfer, features, timeoutMs: 10_000 });
    const entries = ["", "f"].map((path) => tree.current(asBytePath(path)));
    await session.push(entries, options.source?.(tree) ?? tree);
    return undefined;
  } catch (error) {
    return error as RsyncError;
  }
}

function start(version: Daemon["version"], m: Parameters = {}, more: Partial<DaemonOptions> = {}) {
  return startDaemon({ version, modules: { m }, ...more });
}

describeDaemons("a session", (version) => {
  test("is let in with the password, from a daemon that greets at length", async () => {
    await using daemon = await start(
      version,
      {},
      {
        users: { rsync_backup: "s3cret" },
        motd: "Welcome\n@home\n\n",
      },
    );
    expect(await attempt(daemon, { target: { credentials } })).toBeUndefined();
    expect(fs.readFileSync(`${daemon.path("m")}/f`, "utf8")).toBe("first");
  });

  test("says which password is wrong, missing, or not known", async () => {
    await using daemon = await start(version, {}, { users: { rsync_backup: "s3cret" } });
    const wrong = { ...credentials, password: "wrong-one" };
    const unknown = { ...credentials, user: "nobody" };
    for (const who of [wrong, unknown, undefined]) {
      const error = await attempt(daemon, { target: { credentials: who } });
      expect(error).toMatchObject({ code: "AUTH_FAILED", exitCode: 5, retryable: false });
      expect(error?.message).toMatch(
        who === undefined ? /none was given/ : /auth failed on module m/,
      );
      expect(error?.stack).not.toContain("wrong-one");
    }
    expect(fs.readdirSync(daemon.path("m"))).toEqual([]);
  });

  test.each([
    [
      "an unknown module",
      {},
      { target: { module: "n" } },
      "UNKNOWN_MODULE",
      5,
      /Unknown module 'n'/,
    ],
    ["a read-only module", { "read only": true }, {}, "MODULE_READ_ONLY", 1, /read only/],
    [
      "a host that is kept out",
      { "hosts deny": "*" },
      {},
      "ACCESS_REFUSED",
      5,
      /access denied to m/,
    ],
    [
      "a refused option",
      { "refuse options": "remove-source-files" },
      {},
      "OPTION_REFUSED",
      4,
      /configured to refuse --remove-source-files/,
    ],
    [
      "a directory that is gone",
      { path: "/nonexistent/m" },
      {},
      "ACCESS_REFUSED",
      5,
      /ch(dir|root) failed/,
    ],
  ] as const)("tells of %s in one clear line", async (_what, m, options, code, exitCode, text) => {
    await using daemon = await start(version, m);
    const error = await attempt(daemon, options);
    expect(error).toMatchObject({ name: "RsyncError", code, exitCode, retryable: false });
    expect(error?.message).toMatch(text);
    expect(error?.message).not.toContain("\n");
  });

  test("is refused when all connections are in use, and may come again", async () => {
    await using daemon = await start(version, { "max connections": 1 });
    const first = await Session.open(
      { host: daemon.host, port: daemon.port, module: "m" },
      { transfer },
    );
    const error = await attempt(daemon);
    expect(error).toMatchObject({ code: "MAX_CONNECTIONS", exitCode: 5, retryable: true });
    first.close();
  });

  test("without a daemon says where nobody listens", async () => {
    const daemon = await start(version);
    await daemon.remove();
    const error = await attempt(daemon);
    expect(error).toMatchObject({ code: "CONNECTION_LOST", exitCode: 10, retryable: true });
    expect(error?.message).toContain(`127.0.0.1:${daemon.port}: connection refused`);
  });

  test("leaves the old file when the daemon dies in the middle of the new one", async () => {
    await using daemon = await start(version);
    makeTree(daemon.path("m"), { f: "old content" });
    const before = readTree(daemon.path("m"));
    let killed: Promise<void> | undefined;
    const error = await attempt(daemon, {
      // An endless file: the daemon has got a good part of it when it is killed.
      source: (tree) => ({
        open: (entry) => {
          const file = tree.open(entry);
          if (file === undefined) return undefined;
          return {
            state: () => file.state(),
            close: () => file.close(),
            read: (_into, length, position) => {
              if (position > 4_000_000) killed ??= daemon.kill();
              return length;
            },
          };
        },
      }),
    });
    await killed;
    expect(killed).toBeDefined();
    expect(error).toMatchObject({ code: "CONNECTION_LOST", exitCode: 10, retryable: true });
    const after = new Map(
      [...readTree(daemon.path("m"))].filter(([path]) => !path.startsWith(".f.")),
    );
    expectEqualTrees(before, after, { root: false });
  });

  test("that is parked notices at once that the daemon is gone", async () => {
    await using daemon = await start(version);
    const session = await Session.open(
      { host: daemon.host, port: daemon.port, module: "m" },
      { transfer },
    );
    const ended = new Promise<RsyncError>((resolve) => {
      session.onEnd = resolve;
    });
    expect(session.alive).toBe(true);
    await daemon.kill();
    expect(await ended).toMatchObject({ code: "CONNECTION_LOST" });
    expect(session.alive).toBe(false);
    await expect(session.push([], new LocalTree("/nonexistent"))).rejects.toMatchObject({
      code: "CONNECTION_LOST",
    });
  });

  test("works with a module that has a timeout, which it announces first of all", async () => {
    await using daemon = await start(version, { timeout: 30 });
    for (let round = 0; round < 5; round += 1) expect(await attempt(daemon)).toBeUndefined();
  });

  test("goes on behind more refused files than the daemon lets be under way", async () => {
    await using daemon = await start(version);
    using source = temporaryDirectory();
    const names = Array.from({ length: 200 }, (_, number) => `f${number}`);
    makeTree(source.path, Object.fromEntries(names.map((name) => [name, name])));
    const temporary = `${daemon.path("m")}/t`;
    fs.mkdirSync(temporary);
    const tree = new LocalTree(source.path);
    const session = await Session.open(
      { host: daemon.host, port: daemon.port, module: "m" },
      {
        transfer: { ...transfer, tempDir: "t" },
        features: { acknowledge: true },
        timeoutMs: 5_000,
      },
    );
    const entries = ["", ...names].map((path) => tree.current(asBytePath(path)));
    const report = await session.push(entries, {
      // Where each file is to be made is gone by then, whoever the daemon runs as.
      open: (entry) => {
        fs.rmSync(temporary, { recursive: true, force: true });
        return tree.open(entry);
      },
    });
    const refused = [...report.paths()].filter(({ status }) => status.kind === "failed");
    expect(refused).toHaveLength(names.length);
  });
});
