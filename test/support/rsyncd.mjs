import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { daemonProgram } from "./daemons.mjs";

const startDeadlineMs = 10_000;
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

/** A port of 127.0.0.1 where nobody listens now. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
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

/** Polls until `port` accepts connections, or until it no longer does. */
async function untilAccepts(port, wanted, { deadlineMs, giveUp = () => false }) {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline && !giveUp()) {
    if ((await accepts(port)) === wanted) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

async function end({ child, port }, signal) {
  // Its number may belong to somebody else once it has ended.
  if (!running.has(child)) return;
  await untilExit(child, signal);
  signalGroup(child, "SIGKILL");
  running.delete(child);
  // Sessions inherit the listening socket, and a killed one takes a moment to let go of it.
  await untilAccepts(port, false, { deadlineMs: stopDeadlineMs });
}

async function launch(program, configuration, port) {
  const argv = ["--daemon", "--no-detach", `--config=${configuration}`];
  const child = spawn(program, argv, { stdio: "ignore", detached: true });
  running.add(child);
  const giveUp = () => child.exitCode !== null;
  const listens = await untilAccepts(port, true, { deadlineMs: startDeadlineMs, giveUp });
  if (listens && !giveUp()) return { child, port };
  await end({ child, port }, "SIGKILL");
  const log = readIfPresent(path.join(path.dirname(configuration), "rsyncd.log"));
  throw new Error(`Cannot start ${program} on port ${port}: ${log || "it does not listen"}`);
}

export async function startDaemon(options) {
  const { version, program = daemonProgram(version), port = await freePort() } = options;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-daemon-"));
  const configuration = writeConfiguration(directory, port, options);
  let server = await launch(program, configuration, port);

  async function restart() {
    await end(server, "SIGTERM");
    fs.rmSync(path.join(directory, "rsyncd.pid"), { force: true });
    server = await launch(program, configuration, port);
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
    log: () => readIfPresent(path.join(directory, "rsyncd.log")),
    stop: () => end(server, "SIGTERM"),
    kill: () => end(server, "SIGKILL"),
    restart,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
