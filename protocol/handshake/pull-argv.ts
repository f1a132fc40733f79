import type { TransferOptions } from "../options.ts";
import { capabilities, compressionOption, type SessionFeatures } from "./argv.ts";

const letters: readonly (readonly [string, (o: TransferOptions) => unknown])[] = [
  ["u", (o) => o.update],
  ["n", (o) => o.dryRun],
  ["l", (o) => o.links],
  ["d", (o) => o.dirs],
  ["W", (o) => o.wholeFile],
  ["H", (o) => o.hardLinks],
  ["o", (o) => o.owner],
  ["g", (o) => o.group],
  ["D", (o) => o.devices],
  ["t", (o) => o.times],
  ["p", (o) => o.perms],
  ["r", (o) => o.recursive],
  ["c", (o) => o.checksum],
  ["I", (o) => o.ignoreTimes],
  ["R", (o) => o.relative],
  ["S", (o) => o.sparse],
];

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
  const on = letters.filter(([, isOn]) => isOn(options)).map(([letter]) => letter);
  const told = protocol < 30 ? "" : capabilities;
  const bundle = `-${on.join("")}${negotiates ? "z" : ""}${told}`;
  const { checksumChoice, compressChoice, acknowledge } = features;
  const long = [
    options.compressLevel === undefined ? undefined : `--compress-level=${options.compressLevel}`,
    options.devices && !options.specials ? "--no-specials" : undefined,
    options.specials && !options.devices ? "--specials" : undefined,
    options.blockSizeBytes === undefined ? undefined : `-B${options.blockSizeBytes}`,
    checksumChoice === undefined ? undefined : `--checksum-choice=${checksumChoice}`,
    compressionOption(compressChoice),
    options.bandwidthKiB ? `--bwlimit=${options.bandwidthKiB}` : undefined,
    options.safeLinks ? "--safe-links" : undefined,
    options.numericIds ? "--numeric-ids" : undefined,
    options.inplace ? "--inplace" : undefined,
    options.relative && options.impliedDirs === false ? "--no-implied-dirs" : undefined,
    acknowledge ? "--remove-source-files" : undefined,
    ...more,
    ...(options.remoteOptions ?? []),
  ];
  const words = long.filter((word) => word !== undefined);
  return ["--server", "--sender", ...(bundle === "-" ? [] : [bundle]), ...words, ".", ...sources];
}
