import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import {
  createDaemon,
  type Daemon,
  type DaemonEvent,
  type DaemonModule,
  type DaemonOptions,
} from "../../protocol/index.ts";
import { type DaemonVersion, rsyncProgram } from "./daemon.ts";
import { temporaryDirectory } from "./tree.ts";

/** Our own daemon with one writable module `m`, and a directory for what its clients have. */
export interface ServedModule extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly port: number;
  /** The module's directory. */
  readonly path: string;
  /** A directory of the client's. */
  readonly here: string;
  readonly events: DaemonEvent[];
}

/** Starts it on a free port; `await using` ends it with its clients, and removes both directories. */
export async function serveModule(
  module: Partial<DaemonModule> = {},
  options: Partial<DaemonOptions> = {},
): Promise<ServedModule> {
  const directory = temporaryDirectory();
  const served = path.join(directory.path, "served");
  const here = path.join(directory.path, "here");
  for (const each of [served, here]) fs.mkdirSync(each);
  const events: DaemonEvent[] = [];
  const daemon = createDaemon({
    modules: [{ name: "m", path: served, readOnly: false, ...module }],
    log: (event) => events.push(event),
    ...options,
  });
  const { port } = await daemon.listen(0);
  return {
    daemon,
    port,
    path: served,
    here,
    events,
    [Symbol.asyncDispose]: async () => {
      await daemon.close({ graceMs: 0 });
      directory[Symbol.dispose]();
    },
  };
}

/** What a program said, and how it ended. */
export interface RanProgram {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a stock rsync while our daemon, which is in this process, serves it. */
export function runRsync(
  version: DaemonVersion,
  words: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<RanProgram> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(rsyncProgram(version), words, { env, timeout: 60_000 });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("latin1");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString("latin1");
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, errors }));
    child.stdin.on("error", () => undefined); // it may end before it has read anything
    child.stdin.end(options.input);
  });
}
