import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { daemonProgram } from "./daemons.mjs";
import { freePort, listensAt } from "./ports.mjs";

const startDeadlineMs = 30_000;
/** So many free ports may be taken by others before a daemon listens there. */
const mostPorts = 5;
const stopDeadlineMs = 5_000;
const isRoot = process.getuid?.() === 0;

function formatParameters(parameters) {
  return Object.entries(parameters).map(([name, value]) => {
    const text = typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
    return `${name} = ${text}`;
  });
}

function writeSecrets(directory, users) {
  const file = path.join(directory, "rsyncd.secrets");
  const lines = Object.entries(users).map(([user, password]) => `${user}:${password}\n`);
  fs.writeFileSync(file, lines.join(""), { mode: 0o600 });
  return { "auth users": Object.keys(users).join(" "), "secrets file": file };
}

function globalParameters(directory, port, options) {
  const motd = path.join(directory, "motd");
  if (options.motd !== undefined) fs.writeFileSync(motd, options.motd);
  return {
    address: "127.0.0.1",
    port,
    "pid file": path.join(directory, "rsyncd.pid"),
    "lock file": path.join(directory, "rsyncd.lock"),
    "log file": path.join(directory, "rsyncd.log"),
    ...(options.motd === undefined ? {} : { "motd file": motd }),
    // Outside of a chroot rsync rewrites link targets that leave the module; only root can have one.
    "use chroot": isRoot,
    "munge symlinks": false,
    "read only": false,
    "reverse lookup": false,
    // Only root may, and must, say who the daemon becomes; its default is nobody.
    ...(isRoot ? { uid: "root", gid: "root" } : {}),
    ...options.global,
  };
}

function writeConfiguration(directory, port, options) {
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

function accepts({ address, port }) {
  return new Promise((resolve) => {
    const socket = net.connect(port, address);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function readIfPresent(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "latin1") : "";
}

const running = new Set();

// The whole process group: the daemon's sessions are its children.
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group has ended already
  }
}

// Whoever is interrupted must not leave daemons behind.
process.once("exit", () => {
  for (const child of running) signalGroup(child, "SIGKILL");
});

async function untilExit(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  signalGroup(child, signal);
  const late = setTimeout(() => signalGroup(child, "SIGKILL"), stopDeadlineMs);
  await ended;
  clearTimeout(late);
}

/** Polls until connections are accepted there, or until they no longer are. */
async function untilAccepts(place, wanted, { deadlineMs, giveUp = () => false }) {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline && !giveUp()) {
    if ((await accepts(place)) === wanted) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

async function endProcess(child, signal) {
  await untilExit(child, signal);
  signalGroup(child, "SIGKILL");
  running.delete(child);
}

async function end({ child, place }, signal) {
  // Its number may belong to somebody else once it has ended.
  if (!running.has(child)) return;
  await endProcess(child, signal);
  // Sessions inherit the listening socket, and a killed one takes a moment to let go of it.
  await untilAccepts(place, false, { deadlineMs: stopDeadlineMs });
}

function logOf(directory) {
  return readIfPresent(path.join(directory, "rsyncd.log"));
}

async function launch({ program, directory, configuration, place }) {
  const argv = ["--daemon", "--no-detach", `--config=${configuration}`];
  const child = spawn(program, argv, { stdio: "ignore", detached: true });
  running.add(child);
  const giveUp = () => child.exitCode !== null;
  const answers = await untilAccepts(place, true, { deadlineMs: startDeadlineMs, giveUp });
  if (answers && listensAt(child.pid, place)) return { child, place };
  await endProcess(child, "SIGKILL");
  const log = logOf(directory);
  // Whoever answers although the daemon does not listen was faster.
  const isTaken = answers || log.includes("Address already in use");
  const found = isTaken ? "somebody else listens there" : log || "it does not listen";
  throw Object.assign(new Error(`Cannot start ${program} on port ${place.port}: ${found}`), {
    isTaken,
  });
}

/** Starts it on a port of its own; what is free now may be taken before it listens. */
async function launchSomewhere(program, directory, options) {
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort());
    const place = { address: options.global?.address ?? "127.0.0.1", port };
    const configuration = writeConfiguration(directory, port, options);
    const start = { program, directory, configuration, place };
    try {
      return { start, server: await launch(start) };
    } catch (error) {
      if (!error.isTaken || options.port !== undefined || tries === mostPorts) throw error;
      for (const left of ["rsyncd.pid", "rsyncd.log"]) {
        fs.rmSync(path.join(directory, left), { force: true });
      }
    }
  }
}

export async function startDaemon(options) {
  const { version, program = daemonProgram(version) } = options;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-daemon-"));
  const { start, ...launched } = await launchSomewhere(program, directory, options);
  const { port } = start.place;
  let { server } = launched;

  async function restart() {
    await end(server, "SIGTERM");
    fs.rmSync(path.join(directory, "rsyncd.pid"), { force: true });
    server = await launch(start);
  }

  async function remove() {
    await end(server, "SIGKILL");
    fs.rmSync(directory, { recursive: true, force: true });
  }

  return {
    version,
    host: "127.0.0.1",
    port,
    directory,
    path: (module) => options.modules[module]?.path ?? path.join(directory, "modules", module),
    url: (module, user) => `rsync://${user ? `${user}@` : ""}127.0.0.1:${port}/${module}/`,
    log: () => logOf(directory),
    stop: () => end(server, "SIGTERM"),
    kill: () => end(server, "SIGKILL"),
    restart,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
