import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { RsyncError } from "../../protocol/index.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { type Daemon, rsyncProgram, startDaemon } from "./daemon.ts";
import { collectOutputs } from "./outputs.ts";
import { makeTree, type TemporaryDirectory, type TreeSpec, temporaryDirectory } from "./tree.ts";

/** What a command said, and how it ended. */
export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const source: TreeSpec = {
  a: "hello",
  "b.txt": "x".repeat(5_000),
  "same.txt": "same",
  "touched.txt": "touched",
  "skip.log": "a log",
  "dir/inner": "inner",
  "dir/deep/er": "deeper",
  empty: { type: "directory" },
  "a b\n*": "odd",
  link: { type: "symlink", target: "a" },
  script: { type: "file", content: "#!", mode: 0o755 },
};

const before: TreeSpec = {
  "b.txt": "y".repeat(5_000),
  "same.txt": "same",
  "touched.txt": "touched",
  "old.log": "a log",
  gone: "gone",
  "gone dir/x": "",
  "dir/inner": "other",
  script: { type: "file", content: "#!", mode: 0o644 },
};

/** The time of everything that is not older. */
export const pairTime: Date = new Date("2020-01-02T03:04:05Z");
const older = new Date("2019-01-02T03:04:05Z");

/** All times equal, so that what is told depends on nothing else. */
function setTimes(root: string, at: string, time: Date): void {
  const here = path.join(root, at);
  const stats = fs.lstatSync(here);
  if (stats.isDirectory()) for (const name of fs.readdirSync(here)) setTimes(here, name, time);
  fs.lutimesSync(here, time, time);
}

/** What stock rsync and we say of the same push. */
export interface BothRan {
  readonly theirs: Ran;
  readonly mine: Ran;
}

/** A daemon with a module for stock rsync 3.5.0, and an equal one for us; both push `work`. */
export class PushPair implements AsyncDisposable {
  readonly daemon: Daemon;
  readonly work: TemporaryDirectory;

  private constructor(daemon: Daemon, work: TemporaryDirectory) {
    this.daemon = daemon;
    this.work = work;
  }

  static async start(): Promise<PushPair> {
    const daemon = await startDaemon({
      version: "3.5.0",
      motd: "Wélcome\n\x1b[1mhome\n",
      users: undefined as never,
      modules: {
        stock: {},
        ours: {},
        locked: { "auth users": "alice", "secrets file": "/nonexistent" },
      },
    });
    const work = temporaryDirectory();
    makeTree(path.join(work.path, "src"), source);
    setTimes(work.path, "src", pairTime);
    fs.writeFileSync(path.join(work.path, "names"), "dir/deep/er\n# remark\n../dir/../a\nempty/\n");
    fs.writeFileSync(path.join(work.path, "rules"), "*.log\n; remark\n/gone\n");
    return new PushPair(daemon, work);
  }

  url(place: string): string {
    return `rsync://127.0.0.1:${this.daemon.port}/${place}`;
  }

  /** Makes a module what it was. */
  reset(module: string): void {
    const root = this.daemon.path(module);
    fs.rmSync(root, { recursive: true, force: true });
    makeTree(root, before);
    setTimes(root, "", pairTime);
    fs.lutimesSync(path.join(root, "touched.txt"), older, older);
    fs.utimesSync(root, older, older);
  }

  stock(words: readonly string[]): Ran {
    const cwd = this.work.path;
    const ran = spawnSync(rsyncProgram("3.5.0"), words, { cwd, encoding: "utf8" });
    return { exitCode: ran.status ?? -1, out: ran.stdout, err: ran.stderr };
  }

  async ours(words: readonly string[]): Promise<Ran> {
    const { told, outputs } = collectOutputs();
    const cwd = process.cwd();
    process.chdir(this.work.path);
    try {
      const exitCode = await runPush(parsePush(words, {}), outputs);
      return { exitCode, ...told };
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      return { exitCode: error.exitCode, out: told.out, err: `${told.err}${error.message}\n` };
    } finally {
      process.chdir(cwd);
    }
  }

  async both(words: readonly string[]): Promise<BothRan> {
    for (const module of ["stock", "ours"]) this.reset(module);
    const theirs = this.stock([...words, this.url("stock/")]);
    const mine = await this.ours([...words, this.url("ours/")]);
    return { theirs, mine };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.remove();
    this.work[Symbol.dispose]();
  }
}
