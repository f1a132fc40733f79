import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Client, ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { RsyncError } from "../../errors.ts";
import { type Address, type ConnectOptions, withDeadline } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { dial } from "../dial.ts";
import { ChannelConnection } from "./channel.ts";
import { type Credentials, credentialsOf, expandHome, ownFile } from "./keys.ts";
import { fingerprint, KnownHosts, keyType, knownHostLine, knownHostName } from "./known-hosts.ts";
import type { SshOptions } from "./options.ts";

/** A machine that is reached over ssh. */
export interface ShellAddress extends Pick<Address, "host" | "port" | "family" | "localAddress"> {
  readonly ssh: SshOptions;
}

const sshPort = 22;

/**
 * Runs a program on another machine, over ssh, and connects to its input and output. No program
 * is started here: the connection is our own.
 *
 * @param words the program and its arguments; the shell there sees each as one word.
 * @throws {RsyncError} UNTRUSTED_HOST for a machine that known_hosts does not know, or knows by
 *   another key; AUTH_FAILED; CONNECTION_LOST, CONNECT_TIMED_OUT, ABORTED.
 */
export async function connectShell(
  address: ShellAddress,
  words: readonly string[],
  options: ConnectOptions = {},
): Promise<Connection> {
  const { host, port = sshPort, ssh } = address;
  const where = `Cannot connect to ${host}:${port} by ssh`;
  const { Client: SshClient, utils } = await loadSsh2();
  const client = new SshClient();
  try {
    return await withDeadline(where, options, async (signal) => {
      const dialling = dial(
        { host, port },
        { ...address, ...options, signal, server: "ssh server" },
      );
      const sock = await dialling.catch((error: unknown) => {
        throw error instanceof RsyncError ? asShellFailure(error, words) : error;
      });
      signal.addEventListener("abort", () => sock.destroy());
      const credentials = credentialsOf(ssh, (key, passphrase) => utils.parseKey(key, passphrase));
      await logIn(client, { sock }, { where, name: knownHostName(host, port), ssh, credentials });
      const channel = await execute(client, words);
      return new ChannelConnection(channel, `${words[0]} on ${host}`, () => client.end());
    });
  } catch (error) {
    client.on("error", () => {}); // what it says after we gave it up is of no interest
    client.destroy();
    throw error;
  }
}

/** An rsync whose ssh cannot connect has other codes: its own, or that it saw no greeting. */
function asShellFailure(error: RsyncError, words: readonly string[]): RsyncError {
  if (error.code !== "CONNECTION_LOST") return error;
  const exitCode = words.includes("--daemon") ? 5 : 255;
  return new RsyncError(error.code, error.message, { cause: error.cause, exitCode });
}

/** Nobody who does not need it pays for its loading. */
async function loadSsh2(): Promise<typeof import("ssh2")> {
  const { default: ssh2 } = await import("ssh2");
  return ssh2;
}

interface LogIn {
  readonly where: string;
  /** As known_hosts names the host. */
  readonly name: string;
  readonly ssh: SshOptions;
  readonly credentials: Credentials;
}

async function logIn(client: Client, config: ConnectConfig, logging: LogIn): Promise<void> {
  const { where, name, ssh, credentials } = logging;
  const known = new KnownHosts(knownHostsFiles(ssh).map(readOrNothing).join("\n"));
  let distrust: RsyncError | undefined;
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", (cause: Error & { level?: string }) => {
      reject(distrust ?? failure(cause, logging));
    });
    client.once("close", () => {
      reject(distrust ?? new RsyncError("CONNECTION_LOST", `${where}: it closed the connection`));
    });
    client.connect({
      ...config,
      username: credentials.username,
      authHandler: [...credentials.methods],
      readyTimeout: 0,
      algorithms: { serverHostKey: hostKeyAlgorithms(known.typesOf(name)) },
      hostVerifier: (key: Buffer) => {
        distrust = judge(known, key, logging);
        return distrust === undefined;
      },
    });
  });
}

/** Undefined for a host that is trusted; one that is new may be made known. */
function judge(known: KnownHosts, key: Buffer, { name, ssh }: LogIn): RsyncError | undefined {
  const { strictHostKeyChecking: strict = "yes" } = ssh;
  const found = strict === "no" ? "known" : known.check(name, key);
  if (found === "known") return undefined;
  if (found === "unknown" && strict === "accept-new") {
    remember(knownHostsFiles(ssh)[0] as string, knownHostLine(name, key));
    return undefined;
  }
  const shown = `its ${keyType(key)} key is ${fingerprint(key)}`;
  return new RsyncError("UNTRUSTED_HOST", `Cannot trust ${name}: ${shown}, ${verdicts[found]}`);
}

const verdicts = {
  unknown: "and known_hosts does not know the host; compare it with the host's own, then add it",
  changed: "which is not the one in known_hosts: somebody may be listening in between",
  revoked: "which known_hosts calls revoked",
} as const;

const allAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** The types that a host is known by come first: it is asked for the key that can be compared. */
function hostKeyAlgorithms(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const typeOf = (name: string): string => (name.startsWith("rsa-sha2") ? "ssh-rsa" : name);
  const isKnown = (name: string): boolean => types.includes(typeOf(name));
  return [...allAlgorithms.filter(isKnown), ...allAlgorithms.filter((name) => !isKnown(name))];
}

function failure(cause: Error & { level?: string }, { where, credentials }: LogIn): RsyncError {
  if (cause.level !== "client-authentication") {
    return new RsyncError("CONNECTION_LOST", `${where}: ${cause.message}`, { cause });
  }
  const { username, methods, unusable } = credentials;
  const tried = methods.length === 0 ? "there is no key to try" : "none of our keys is accepted";
  const text = [`${where}: as ${username} ${tried}`, ...unusable].join("; ");
  return new RsyncError("AUTH_FAILED", text, { cause });
}

async function execute(client: Client, words: readonly string[]): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(words.map(shellWord).join(" "), (cause, channel) => {
      if (cause === undefined) resolve(channel);
      else
        reject(
          new RsyncError("REMOTE_FAILED", `Cannot run ${words[0]}: ${cause.message}`, { cause }),
        );
    });
  });
}

/** A word that every shell takes as it is. Bytes travel as they are, one per char. */
function shellWord(word: string): string {
  const plain = /^[A-Za-z0-9_@%+=:,./-]+$/.test(word);
  return plain ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function knownHostsFiles({ knownHostsFiles: wanted }: SshOptions): string[] {
  const files = wanted ?? [ownFile("known_hosts"), "/etc/ssh/ssh_known_hosts"];
  return files.map(expandHome);
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // a file that is not there knows nobody
  }
}

function remember(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, line, { mode: 0o600 });
}
