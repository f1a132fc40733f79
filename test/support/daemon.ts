import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { describe } from "vitest";
import { daemonLines, daemonProgram, releaseOf } from "./daemons.mjs";

/** The releases the tests are written for; a 3.5 newer than 3.5.0 stands in for it. */
export type DaemonVersion = "3.5.0" | "3.2.7";

/** Those of them that `node test/prepare.mjs daemons` could put on this machine. */
export const daemonVersions: readonly DaemonVersion[] = daemonLines
  .map(({ version }) => version as DaemonVersion)
  .filter((version) => releaseOf(daemonProgram(version)) !== undefined);

/** The stock rsync program of a release, for tests that need the original client. */
export function rsyncProgram(version: DaemonVersion): string {
  return daemonProgram(version);
}

/** One `describe` per release; those whose daemon is missing are reported as skipped. */
export function describeDaemons(title: string, tests: (version: DaemonVersion) => void): void {
  for (const { version } of daemonLines as readonly { version: DaemonVersion }[]) {
    describe.skipIf(!daemonVersions.includes(version))(`${title} (rsync ${version})`, () => {
      tests(version);
    });
  }
}

/** Parameters under the names that rsyncd.conf(5) gives them; true is "yes". */
export interface Parameters {
  readonly path?: string;
  readonly [name: string]: string | number | boolean | undefined;
}

export interface DaemonOptions {
  readonly version: DaemonVersion;
  /**
   * Modules by name. Writable, not in a chroot, links unmunged, everything owned by the caller,
   * unless a parameter says otherwise; without `path` an empty directory is made for it.
   */
  readonly modules: Readonly<Record<string, Parameters>>;
  /** User names and passwords that every module asks for; absent: no module asks. */
  readonly users?: Readonly<Record<string, string>>;
  readonly motd?: string;
  /** Further global parameters. */
  readonly global?: Parameters;
  /** Default: a free one. */
  readonly port?: number;
}

/** A running stock daemon on 127.0.0.1; `await using` stops it and removes its directory. */
export interface Daemon extends AsyncDisposable {
  readonly version: DaemonVersion;
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Holds the configuration, the log and the modules that named no path. */
  readonly directory: string;
  /** The directory behind a module. */
  path(module: string): string;
  /** `rsync://[user@]127.0.0.1:port/module/` for the stock client. */
  url(module: string, user?: string): string;
  /** What the daemon has written to its log so far. */
  log(): string;
  /** Ends it in an orderly way; sessions that run are cut off. */
  stop(): Promise<void>;
  /** SIGKILL for the daemon and all its sessions, as when the machine loses power. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same modules. */
  restart(): Promise<void>;
}

const startDeadlineMs = 10_000;
const stopDeadlineMs = 5_000;

function formatParameters(parameters: Parameters): string[] {
  return Object.entries(parameters).map(([name, value]) => {
    const text = typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
    return `${name} = ${text}`;
  });
}

function writeSecrets(directory: string, users: Readonly<Record<string, string>>): Parameters {
  const file = path.join(directory, "rsyncd.secrets");
  const lines = Object.entries(users).map(([user, password]) => `${user}:${password}\n`);
  fs.writeFileSync(file, lines.join(""), { mode: 0o600 });
  return { "auth users": Object.keys(users).join(" "), "secrets file": file };
}

function globalParameters(directory: string, port: number, options: DaemonOptions): Parameters {
  const motd = path.join(directory, "motd");
  if (options.motd !== undefined) fs.writeFileSync(motd, options.motd);
  return {
    address: "127.0.0.1",
    port,
    "pid file": path.join(directory, "rsyncd.pid"),
    "lock file": path.join(directory, "rsyncd.lock"),
    "log file": path.join(directory, "rsyncd.log"),
    ...(options.motd === undefined ? {} : { "motd file": motd }),
    "use chroot": false,
    "munge symlinks": false,
    "read only": false,
    "reverse lookup": false,
    // Only root may, and must, say who the daemon becomes; its default is nobody.
    ...(process.getuid?.() === 0 ? { uid: "root", gid: "root" } : {}),
    ...options.global,
  };
}

function writeConfiguration(directory: string, port: number, options: DaemonOptions): string {
  const auth = options.users === undefined ? {} : writeSecrets(directory, options.users);
  const lines = formatParameters(globalParameters(directory, port, options));
  for (const [name, parameters] of Object.entries(options.modules)) {
    const files = path.join(directory, "modules", name);
    if (parameters.path === undefined) fs.mkdirSync(files, { recursive: true });
    lines.push(`[${name}]`, ...formatParameters({ path: files, ...auth, ...parameters }));
  }
  const file = path.join(directory, "rsyncd.conf");
  fs.writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function readIfPresent(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "latin1") : "";
}

const running = new Set<ChildProcess>();

// The whole process group: the daemon's sessions are its children.
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group has ended already
  }
}

// A test run that is interrupted must not leave daemons behind.
process.once("exit", () => {
  for (const child of running) signalGroup(child, "SIGKILL");
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    signalGroup(child, signal);
    const late = setTimeout(() => signalGroup(child, "SIGKILL"), stopDeadlineMs);
    await ended;
    clearTimeout(late);
  }
  signalGroup(child, "SIGKILL");
  running.delete(child);
}

async function launch(version: DaemonVersion, configuration: string, port: number) {
  const argv = ["--daemon", "--no-detach", `--config=${configuration}`];
  const child = spawn(rsyncProgram(version), argv, { stdio: "ignore", detached: true });
  running.add(child);
  const deadline = Date.now() + startDeadlineMs;
  while (child.exitCode === null && Date.now() < deadline) {
    if ((await accepts(port)) && child.exitCode === null) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await end(child, "SIGKILL");
  const log = readIfPresent(path.join(path.dirname(configuration), "rsyncd.log"));
  throw new Error(`Cannot start rsync ${version} on port ${port}: ${log || "it does not listen"}`);
}

/**
 * Starts a stock daemon and waits until it accepts connections.
 *
 * @throws {Error} with the daemon's log when it does not listen within 10 s.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { version, port = await freePort() } = options;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-daemon-"));
  const configuration = writeConfiguration(directory, port, options);
  let child = await launch(version, configuration, port);
  return {
    version,
    host: "127.0.0.1",
    port,
    directory,
    path: (module) => options.modules[module]?.path ?? path.join(directory, "modules", module),
    url: (module, user) => `rsync://${user ? `${user}@` : ""}127.0.0.1:${port}/${module}/`,
    log: () => readIfPresent(path.join(directory, "rsyncd.log")),
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
    async restart() {
      await end(child, "SIGTERM");
      fs.rmSync(path.join(directory, "rsyncd.pid"), { force: true });
      child = await launch(version, configuration, port);
    },
    async [Symbol.asyncDispose]() {
      // An orderly end takes rsync 0.4 s, and nobody looks at this daemon any more.
      await end(child, "SIGKILL");
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}
