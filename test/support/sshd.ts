import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { userInfo } from "node:os";
import ssh2 from "ssh2";
import { freePort } from "./ports.mjs";
import { temporaryDirectory } from "./tree.ts";

const program = "/usr/sbin/sshd";
const deadlineMs = 10_000;

/** False where no real sshd can be started: the tests that need it are skipped. */
export const hasSshd: boolean =
  process.getuid?.() === 0 && fs.existsSync(program) && fs.existsSync("/etc/passwd");

/** A real sshd on 127.0.0.1, which lets one key in; `await using` ends it with its sessions. */
export interface SshDaemon extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** Files: the private key that is let in, and a known_hosts with the host's key. */
  readonly identity: string;
  readonly knownHosts: string;
  /** The host's public key as known_hosts has it: type and base64. */
  readonly hostKey: string;
  /** A place for further files. */
  readonly directory: string;
}

function makeKey(file: string): string {
  const pair = readablePair();
  fs.writeFileSync(file, pair.private, { mode: 0o600 });
  return pair.public.split(" ").slice(0, 2).join(" ");
}

/** One in 400 that ssh2 makes is a key that nobody can read, itself included. */
function readablePair(): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** Starts sshd and waits until it listens. */
export async function startSshd(): Promise<SshDaemon> {
  const { path: directory, ...scope } = temporaryDirectory();
  const at = (name: string): string => `${directory}/${name}`;
  const port = await freePort();
  const hostKey = makeKey(at("host"));
  fs.writeFileSync(at("authorized"), `${makeKey(at("identity"))}\n`);
  fs.writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
  const lines = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("authorized")}`,
    `PidFile ${at("pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
  ];
  fs.writeFileSync(at("config"), `${lines.join("\n")}\n`);
  fs.mkdirSync("/run/sshd", { recursive: true }); // it insists
  const child = spawn(program, ["-D", "-e", "-f", at("config")], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  await untilListening(child.stderr);
  return {
    port,
    user: userInfo().username,
    identity: at("identity"),
    knownHosts: at("known_hosts"),
    hostKey,
    directory,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      // Its sessions are of its process group.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await ended;
      scope[Symbol.dispose]();
    },
  };
}

async function untilListening(stderr: NodeJS.ReadableStream): Promise<void> {
  let said = "";
  const late = AbortSignal.timeout(deadlineMs);
  while (!said.includes("Server listening")) {
    const [chunk] = (await once(stderr, "data", { signal: late })) as [Buffer];
    said += chunk.toString();
  }
  stderr.resume();
}
