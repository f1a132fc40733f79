import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { daemonProgram } from "./daemons.mjs";

const startDeadlineMs = 10_000;
const stopDeadlineMs = 5_000;

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
    "use chroot": false,
    "munge symlinks": false,
    "read only": false,
    "reverse lookup": false,
    // Only root may, and must, say who the daemon becomes; its default is nobody.
    ...(process.getuid?.() === 0 ? { uid: "root", gid: "root" } : {}),
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

async function freePort() {
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

async function end(child, signal) {
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

async function launch(program, configuration, port) {
  const argv = ["--daemon", "--no-detach", `--config=${configuration}`];
  const child = spawn(program, argv, { stdio: "ignore", detached: true });
  running.add(child);
  const deadline = Date.now() + startDeadlineMs;
  while (child.exitCode === null && Date.now() < deadline) {
    if ((await accepts(port)) && child.exitCode === null) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await end(child, "SIGKILL");
  const log = readIfPresent(path.join(path.dirname(configuration), "rsyncd.log"));
  throw new Error(`Cannot start ${program} on port ${port}: ${log || "it does not listen"}`);
}

export async function startDaemon(options) {
  const { version, program = daemonProgram(version), port = await freePort() } = options;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-daemon-"));
  const configuration = writeConfiguration(directory, port, options);
  let child = await launch(program, configuration, port);

  async function restart() {
    await end(child, "SIGTERM");
    fs.rmSync(path.join(directory, "rsyncd.pid"), { force: true });
    child = await launch(program, configuration, port);
  }

  async function remove() {
    await end(child, "SIGKILL");
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
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
    restart,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
