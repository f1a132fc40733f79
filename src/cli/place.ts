import {
  type DaemonUrl,
  inEnvironment,
  parseDaemonUrl,
  parseRemoteShell,
  pathFromText,
  RsyncError,
  type SshOptions,
} from "../../protocol/index.ts";
import { splitWords } from "../config/words.ts";

/** How other machines are reached, as `-e` and `--rsync-path` say it. */
export interface ShellFlags {
  /** `-e`; undefined: RSYNC_RSH, else `ssh`. */
  readonly remoteShell?: string | undefined;
  /** `--rsync-path` */
  readonly program?: string | undefined;
}

/** Where an address leads. */
export interface Place extends DaemonUrl {
  /** A path on a machine behind ssh, where no daemon is. */
  readonly isPath: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const shellForm = /^(?:([^@/:]+)@)?(\[[^\]]+\]|[^:/]+):(?!:)(.*)$/s;
const shellUrlForm = /^ssh:\/\/(?:([^@/]+)@)?(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?(\/.*)?$/s;

/**
 * Reads the address of a command line: of a daemon, which `-e` starts on its machine over ssh; or a
 * path on a machine behind ssh, as `[user@]host:path` or `ssh://[user@]host[:port]/path`.
 *
 * @throws {RsyncError} BAD_OPTION when it is none of them, or for a remote shell that is not ssh.
 */
export function placeOf(text: string, flags: ShellFlags, environment: Environment): Place {
  const url = shellUrlForm.exec(text);
  const [, user, host = "", path = ""] =
    url === null ? (shellForm.exec(isUrl(text) ? "" : text) ?? []) : [...url.slice(0, 3), url[4]];
  if (host === "") return daemonOf(text, flags, environment);
  const { ssh, ...reached } = shellOf(flags, environment);
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    ...reached,
    ...(url?.[3] !== undefined && { port: Number(url[3]) }),
    module: "",
    directory: pathFromText(path.replace(/(?<=.)\/+$/, "")),
    user,
    isPath: true,
    ssh: { ...ssh, ...(user !== undefined && { user }) },
  };
}

function isUrl(text: string): boolean {
  return /^[a-z]+:\/\//i.test(text);
}

/** RSYNC_RSH alone does not make a daemon one that is started over ssh. */
function daemonOf(text: string, flags: ShellFlags, environment: Environment): Place {
  const address = parseDaemonUrl(text);
  if (flags.remoteShell === undefined) {
    return { ...inEnvironment(address, environment), isPath: false };
  }
  const { port: _, tls: __, ...daemon } = address;
  return { ...daemon, ...shellOf(flags, environment), isPath: false };
}

function shellOf(
  { remoteShell, program }: ShellFlags,
  { RSYNC_RSH }: Environment,
): Pick<DaemonUrl, "port" | "family"> & { readonly ssh: SshOptions } {
  const split = splitWords(remoteShell ?? RSYNC_RSH ?? "ssh");
  if ("problem" in split) {
    throw new RsyncError("BAD_OPTION", `Cannot use -e (--rsh): ${split.problem}`);
  }
  const { ssh, port, family } = parseRemoteShell(split.words);
  return {
    ...(port !== undefined && { port }),
    ...(family !== undefined && { family }),
    ssh: { ...ssh, ...(program !== undefined && { program }) },
  };
}
