import type { RsyncOptions } from "../../config/rsync-options.ts";
import type { ListCommand } from "../list-command.ts";
import { placeOf } from "../place.ts";
import type { Environment } from "../push/command.ts";
import { filterOf } from "../push/filter-flags.ts";
import { type PullFlags, senderOptions, trustOf } from "./flags.ts";
import { furtherSource, namedFiles, reachedBy } from "./sources.ts";

/** A pull that only lists: `--list-only`, or no destination. */
export function listing(
  parsed: RsyncOptions,
  flags: PullFlags,
  environment: Environment,
): ListCommand {
  const [url = "", ...rest] = parsed.words;
  const { timeoutSeconds = 0, recursive = false } = parsed.options;
  return {
    kind: "list",
    url,
    recursive: flags.filesFrom === undefined ? recursive : flags.recursive === true,
    json: false,
    motd: flags.motd,
    timeoutMs: (timeoutSeconds || 30) * 1_000,
    passwordFile: parsed.passwordFile,
    port: parsed.port,
    protocol: flags.protocol,
    remoteShell: parsed.remoteShell,
    program: flags.program,
    reached: reachedBy(flags),
    parts: listedParts(url, rest.slice(0, -1), parsed, flags, environment),
  };
}

/** Undefined where the modules of a daemon are listed. */
function listedParts(
  url: string,
  others: readonly string[],
  { options, remoteShell }: RsyncOptions,
  flags: PullFlags,
  environment: Environment,
): ListCommand["parts"] {
  const place = placeOf(url, { remoteShell, program: flags.program }, environment);
  if (place.module === "" && !place.isPath) return undefined;
  return {
    moreSources: others.map((word) => furtherSource(word, place, environment)),
    filesFrom: namedFiles(others, place, flags),
    filter: filterOf(flags, options, environment),
    relative: flags.relative ?? flags.filesFrom !== undefined,
    senderOptions: [
      ...(options.cvsExclude ? ["-C"] : []),
      ...(options.impliedDirs === false ? ["--no-implied-dirs"] : []),
      ...senderOptions(flags),
    ],
    ...trustOf(flags, environment),
  };
}
