import type { TransferOptions } from "../options.ts";
import { pathFromText } from "../path.ts";
import {
  appendOption,
  capabilitiesOf,
  compressionOption,
  optionLetters,
  type SessionFeatures,
  suffixOption,
} from "./argv.ts";
import { filesFromWords } from "./files-from.ts";

/** Further words for a sender that have a place of their own. */
const ordered: ReadonlySet<string> = new Set([
  "-L",
  "-k",
  "-x",
  "-xx",
  "--copy-unsafe-links",
  "--ignore-missing-args",
]);

/**
 * The arguments of a pull (spec 1 §2): what a sender must know. What is done with what it sends,
 * deletions above all, is ours alone, and no daemon can refuse it.
 *
 * @param sources as the daemon takes them: `module/path`.
 * @param more options for the sender alone.
 */
export function pullArguments(
  sources: readonly string[],
  options: TransferOptions,
  features: SessionFeatures,
  protocol: number,
  more: readonly string[] = [],
): string[] {
  const negotiates = options.compress && features.compressChoice === undefined;
  const on = optionLetters("pull", options, more);
  const told = capabilitiesOf(features.incremental && options.recursive, protocol);
  const bundle = `-${on.join("")}${negotiates ? "z" : ""}${told}`;
  const { checksumChoice, compressChoice, acknowledge, filesFrom } = features;
  const long = [
    options.iconv === undefined ? undefined : `--iconv=${options.iconv.remote}`,
    options.compressLevel === undefined ? undefined : `--compress-level=${options.compressLevel}`,
    options.devices && !options.specials ? "--no-specials" : undefined,
    options.specials && !options.devices ? "--specials" : undefined,
    options.blockSizeBytes === undefined ? undefined : `-B${options.blockSizeBytes}`,
    options.bandwidthKiB ? `--bwlimit=${options.bandwidthKiB}` : undefined,
    ...(options.backupDir === undefined ? [] : ["--backup-dir", pathFromText(options.backupDir)]),
    suffixOption(options),
    checksumChoice === undefined ? undefined : `--checksum-choice=${checksumChoice}`,
    compressionOption(compressChoice),
    more.includes("--ignore-missing-args") ? "--ignore-missing-args" : undefined,
    options.ignoreErrors ? "--ignore-errors" : undefined,
    more.includes("--copy-unsafe-links") ? "--copy-unsafe-links" : undefined,
    options.safeLinks ? "--safe-links" : undefined,
    options.numericIds ? "--numeric-ids" : undefined,
    ...[appendOption(options) ?? []].flat(),
    ...(filesFrom ? filesFromWords(filesFrom, options.relative) : []),
    options.relative && options.impliedDirs === false ? "--no-implied-dirs" : undefined,
    acknowledge ? "--remove-source-files" : undefined,
    ...more.filter((word) => !ordered.has(word)),
    ...(options.remoteOptions ?? []).map(pathFromText),
  ];
  const words = long.filter((word) => word !== undefined);
  return ["--server", "--sender", ...(bundle === "-" ? [] : [bundle]), ...words, ".", ...sources];
}
