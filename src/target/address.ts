import {
  asBytePath,
  displayPath,
  inEnvironment,
  parseRemoteShell,
  RsyncError,
  type Target as TargetAddress,
} from "../../protocol/index.ts";

import { readPassword } from "../config/password.ts";
import type { AuthConfig, Config, Remote } from "../config/schema.ts";

/** What all remotes of a configuration are reached by. */
export type Way = Pick<Config, "auth" | "ssh" | "remoteShell">;

/** Where a remote is, how to get there, and who we are there; the password file is read now. */
export function addressOf(remote: Remote, way: Way): TargetAddress {
  if (way.ssh || way.remoteShell !== undefined) return shellAddress(remote, way);
  const { host, port, module, subPath } = remote;
  const address = { host, port, module, directory: subPath, ...credentialsOf(remote, way.auth) };
  return inEnvironment(address, process.env);
}

const sshPort = 22;

/** `<ssh start="true"/>`: a directory there. `-e` without it: a daemon that is started there. */
function shellAddress(remote: Remote, { auth, ssh: toPath, remoteShell }: Way): TargetAddress {
  const { host, module, subPath, name } = remote;
  const { ssh, port: told, family } = parseRemoteShell(remoteShell ?? ["ssh"]);
  const user = remote.user ?? auth?.user;
  const address = {
    host,
    port: told ?? (toPath ? remote.port : sshPort),
    family,
    ssh: user === undefined ? ssh : { ...ssh, user: displayPath(asBytePath(user)) },
  };
  if (toPath) return { ...address, module: "", directory: asBytePath(name) };
  return { ...address, module, directory: subPath, ...credentialsOf(remote, auth) };
}

function credentialsOf(
  { user }: Remote,
  auth: AuthConfig | undefined,
): Pick<TargetAddress, "credentials"> {
  const name = user ?? auth?.user;
  if (name === undefined) return {};
  const fromFile = auth?.passwordFile && readPassword(auth.passwordFile);
  const password = fromFile ?? process.env["RSYNC_PASSWORD"] ?? "";
  return {
    credentials: {
      user: Buffer.from(name, "latin1"),
      password: Buffer.from(password, fromFile === undefined ? "utf8" : "latin1"),
    },
  };
}

/** A remote's name for people, and to tell it from the others of its source. */
export function nameOf({ host, port, name }: Remote): string {
  return `${host}:${port}::${displayPath(asBytePath(name))}`;
}

/** What is thrown when the watched directory, a byte string, is not there. */
export function missingSource(watch: string): RsyncError {
  const root = displayPath(asBytePath(watch));
  return new RsyncError("SOURCE_MISSING", `Cannot watch ${root}: no such directory`);
}

/** What is to be known when the watched directory is another one than before. */
export const replacedRoot: string =
  "another directory is there now: nothing is deleted at the targets until the old one is back, or the program is started again";

/** What is to be known when the last process was killed, or crashed. */
export const disorderlyEnd: string =
  "the program did not end in order last time: what was pending is pushed, and everything is compared";
