import fs from "node:fs";
import { type BytePath, joinPath, nativePath, rootPath } from "../../protocol/path.ts";
import { inProject } from "../support/command.mjs";
import { type Daemon, type DaemonVersion, startDaemon } from "../support/daemon.ts";
import { type FaultOptions, type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { hostileNames, makeHostileTree } from "../support/hostile.ts";
import {
  launchMirror,
  type MirrorSetUp,
  type RunningMirror,
  startMirror,
} from "../support/mirror.ts";
import { temporaryDirectory } from "../support/tree.ts";

/** Who receives: a stock rsync, or `sersync serve`. */
export type Receiver = DaemonVersion | "sersync";

export interface RigOptions {
  readonly version: Receiver;
  readonly seed: number;
  /** About so many objects are there when the program starts. */
  readonly startObjects: number;
  /** What differs from a plain mirror of everything. */
  readonly setUp?: Partial<MirrorSetUp>;
  /** What befalls the connections; default nothing. */
  readonly faults?: Omit<FaultOptions, "port" | "seed">;
  /** There is a second remote at {@link otherHost}, of which nothing is heard. */
  readonly hasDeadTarget?: boolean;
  /** Makes objects that only the target has. */
  readonly fillTarget?: (target: string) => void;
}

/** A source, a daemon, and the program between them; `await using` ends all of it. */
export interface Rig extends AsyncDisposable {
  readonly source: string;
  readonly target: string;
  readonly daemon: Daemon;
  readonly proxy: FaultProxy | undefined;
  readonly mirror: () => RunningMirror;
  /** What the program has still to do, from its state: paths, attempts, reasons. */
  readonly pending: () => readonly string[];
  /** SIGKILL, and a new start with `-r`, of which nothing is waited for. */
  readonly restartMirror: () => Promise<void>;
  /** SIGKILL, and what sessions had half written is swept away. */
  readonly killDaemon: () => Promise<void>;
}

/** Another loopback address, where nobody listens at first. */
export const otherHost = "127.0.0.2";

/** Starts everything, and waits for the first full push where nothing disturbs it. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { version, seed, startObjects, faults, fillTarget } = options;
  const owned: AsyncDisposable[] = [];
  const daemon = await startReceiver(version);
  owned.push(daemon);
  const source = temporaryDirectory();
  owned.push({ [Symbol.asyncDispose]: async () => source[Symbol.dispose]() });
  makeHostileTree(source.path, seed, startObjects);
  const target = daemon.path("backup");
  fillTarget?.(target);
  const proxy = faults && (await startFaultProxy({ ...faults, seed, port: daemon.port }));
  if (proxy) owned.push(proxy);
  const state = temporaryDirectory();
  owned.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() });
  const setUp = setUpOf(options, state.path, source.path, proxy?.port ?? daemon.port);
  let mirror = await start(setUp, options);
  owned.push({ [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose]() });
  return {
    source: source.path,
    target,
    daemon,
    proxy,
    mirror: () => mirror,
    pending: () => readState(state.path),
    restartMirror: async () => {
      await mirror[Symbol.asyncDispose]();
      mirror = launchMirror(setUp);
    },
    killDaemon: async () => {
      await daemon.kill();
      sweep(target, rootPath);
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of owned.reverse()) await each[Symbol.asyncDispose]();
    },
  };
}

function startReceiver(version: Receiver): Promise<Daemon> {
  const modules = { backup: {} };
  if (version !== "sersync") return startDaemon({ version, modules });
  const program = inProject("test/support/sersync-daemon.mjs");
  return startDaemon({ version: "3.5.0", program, modules });
}

function setUpOf(
  { hasDeadTarget, setUp }: RigOptions,
  stateDirectory: string,
  source: string,
  port: number,
): MirrorSetUp {
  const dead = hasDeadTarget ? [{ host: otherHost, module: "backup" }] : [];
  const remotes = [{ module: "backup" }, ...dead];
  return { source, port, remotes, debug: true, stateDirectory, ...setUp };
}

async function start(setUp: MirrorSetUp, options: RigOptions): Promise<RunningMirror> {
  const isDisturbed = options.faults !== undefined || options.hasDeadTarget;
  return isDisturbed ? launchMirror(setUp) : await startMirror(setUp);
}

/** The lines of every state file. */
function readState(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => fs.statSync(`${directory}/${name}`).isFile())
    .flatMap((name) => fs.readFileSync(`${directory}/${name}`, "utf8").split("\n").slice(0, 30));
}

/** Removes what a receiving rsync calls `.name.XXXXXX` until it is whole. */
function sweep(root: string, at: BytePath): void {
  const directory = nativePath(root, at) as string;
  for (const entry of fs.readdirSync(directory, { withFileTypes: true, encoding: "latin1" })) {
    const path = joinPath(at, entry.name);
    if (entry.isDirectory()) sweep(root, path);
    else if (/^\..+\.\w{6}$/s.test(entry.name) && !hostileNames.includes(entry.name))
      fs.rmSync(nativePath(root, path));
  }
}
