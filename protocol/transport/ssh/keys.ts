import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import type { AnyAuthMethod } from "ssh2";
import type { SshOptions } from "./options.ts";

const usualKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** A file of ours in ~/.ssh. */
export function ownFile(name: string): string {
  return `${homedir()}/.ssh/${name}`;
}

/** `~/` at its front is the home directory. */
export function expandHome(file: string): string {
  return file.startsWith("~/") ? `${homedir()}${file.slice(1)}` : file;
}

/** What can be tried to get in, in the order of trying, and what had to be left out. */
export interface Credentials {
  readonly username: string;
  readonly methods: readonly AnyAuthMethod[];
  /** Keys that cannot be used, with the reason; nothing secret. */
  readonly unusable: readonly string[];
}

/** @param parse reads a private key, or says why it cannot. */
export function credentialsOf(
  options: SshOptions,
  parse: (key: Buffer, passphrase?: string) => unknown,
): Credentials {
  const { user: username = userInfo().username, passphrase, password } = options;
  const methods: AnyAuthMethod[] = [];
  const unusable: string[] = [];
  const agent = options.agent ?? process.env["SSH_AUTH_SOCK"];
  if (agent !== undefined && agent !== "" && agent !== "none") {
    methods.push({ type: "agent", username, agent });
  }
  for (const { file, isWanted } of identityFiles(options)) {
    const key = readQuietly(file);
    const parsed = key instanceof Buffer ? parse(key, passphrase) : key;
    if (!(parsed instanceof Error)) {
      const secret = passphrase === undefined ? {} : { passphrase };
      methods.push({ type: "publickey", username, key: key as Buffer, ...secret });
    } else if (isWanted || key instanceof Buffer) {
      unusable.push(`${file}: ${parsed.message}`);
    }
  }
  if (password !== undefined) methods.push({ type: "password", username, password });
  return { username, methods, unusable };
}

function identityFiles({
  identityFiles: wanted,
}: SshOptions): { file: string; isWanted: boolean }[] {
  if (wanted === undefined) {
    return usualKeys.map((name) => ({ file: ownFile(name), isWanted: false }));
  }
  return wanted.map((file) => ({ file: expandHome(file), isWanted: true }));
}

function readQuietly(file: string): Buffer | Error {
  try {
    return readFileSync(file);
  } catch (error) {
    return error as Error;
  }
}
