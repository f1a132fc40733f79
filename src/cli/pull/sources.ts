import { type FilesFrom, pathFromText, RsyncError, type Target } from "../../../protocol/index.ts";
import type { RsyncOptions } from "../../config/rsync-options.ts";
import { credentialsOf } from "../credentials.ts";
import { placeOf } from "../place.ts";
import type { Environment } from "../push/command.ts";
import { readEarlyInput, readInput } from "../push/input.ts";
import type { PullFlags } from "./flags.ts";

const remoteFile = /^(?:rsync:\/\/([^/]+)\/|(\[[^\]]*\]|[^/:[]*)::?)(.*)$/is;

/** `--files-from`: a file here, or with a colon before it, of the machine that is pulled from. */
export function namedFiles(
  others: readonly string[],
  { host }: Pick<Target, "host">,
  { filesFrom, nul }: PullFlags,
): FilesFrom | undefined {
  if (filesFrom === undefined) return undefined;
  if (others.length > 0) throw badCommand("with --files-from there is one source");
  const found = remoteFile.exec(filesFrom);
  if (found === null) {
    const lines = readInput(filesFrom, "BAD_OPTION").split(nul ? "\0" : /[\r\n]/);
    return { names: lines.filter((line) => line !== "") };
  }
  const [, urlHost, shellHost, file = ""] = found;
  const named = (urlHost ?? shellHost ?? "").replace(/^.*@/s, "").replace(/^\[(.*)\]$/s, "$1");
  if (named !== "" && named !== host) {
    throw badCommand(`--files-from=${filesFrom}: the file must be of ${host}, as the source is`);
  }
  if (file === "" || file === "-") throw badCommand(`--files-from=${filesFrom} names no file`);
  return { file: pathFromText(file), nul };
}

/** The first source. @throws {RsyncError} BAD_OPTION for one without a module. */
export function targetOf(
  source: string,
  { port, passwordFile, remoteShell }: RsyncOptions,
  flags: PullFlags,
  environment: Environment,
): Target {
  const { protocol, program } = flags;
  const { user, isPath, ...address } = placeOf(source, { remoteShell, program }, environment);
  if (address.module === "" && !isPath) throw badCommand(`${source} names no module`);
  return {
    ...(port !== undefined && !address.ssh && { port }),
    ...address,
    namesFile: namesFile(source, address),
    ...reachedBy(flags),
    protocol,
    credentials: credentialsOf({ user, isPath }, passwordFile, environment),
  };
}

/** How the daemon is reached, and what it is told before anything else. */
export function reachedBy({
  family,
  localAddress,
  earlyInput,
}: PullFlags): Pick<Target, "family" | "localAddress" | "earlyInput"> {
  return {
    ...(family !== undefined && { family }),
    localAddress,
    ...(earlyInput !== undefined && { earlyInput: readEarlyInput(earlyInput) }),
  };
}

/** `::module/path`, or in full, of the same module of the same daemon. */
export function furtherSource(
  source: string,
  { host, module, ssh }: Pick<Target, "host" | "module" | "ssh">,
  environment: Environment,
): Pick<Target, "directory" | "namesFile"> {
  const whole = source.startsWith(":") ? host + source : source;
  const remoteShell = module === "" ? undefined : ssh && "ssh";
  const address = placeOf(whole, { remoteShell }, environment);
  if (address.host !== host || address.module !== module) {
    const place = module === "" ? host : `module ${module} of ${host}`;
    throw badCommand(`${source}: all sources must be of ${place}`);
  }
  return { directory: address.directory, namesFile: namesFile(source, address) };
}

function namesFile(source: string, { directory }: Pick<Target, "directory">): boolean {
  return !source.endsWith("/") && directory !== "";
}

function badCommand(text: string): RsyncError {
  return new RsyncError("BAD_OPTION", text);
}
