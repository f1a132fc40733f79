import { randomInt } from "node:crypto";
import { type Agreement, compatFlags } from "../agreement.ts";
import type { ChecksumName } from "../delta/checksum.ts";
import { tokenCompressions } from "../delta/compression.ts";
import { readableCompressions } from "../delta/token-reader.ts";
import { mayListInPieces } from "../roles/receiving-options.ts";
import { writeVarint } from "../wire/varint.ts";
import { readVstring, writeVstring } from "../wire/vstring.ts";
import { encoded } from "../wire/writer.ts";
import type { ClientLine } from "./client-line.ts";
import type { ClientOptions } from "./client-options.ts";
import { Refusal, SessionFailure } from "./refusal.ts";

/** What we offer, best first; "xxhash" is an older name of the first. */
const checksums: readonly ChecksumName[] = ["xxh64", "md5", "md4", "sha1", "none"];
/** What a client may choose: the others cost us more than the first, and are not better for it. */
const choosable: readonly ChecksumName[] = ["xxh128", "xxh3", ...checksums];
const aliases: Readonly<Record<string, string>> = { xxhash: "xxh64" };

const flagsOfLetters: Readonly<Record<string, number>> = {
  f: compatFlags.safeFileList,
  x: compatFlags.avoidXattrOptimization,
  C: compatFlags.checksumSeedFix,
  I: compatFlags.inplacePartialDir,
  v: compatFlags.varintFlags,
  u: compatFlags.id0Names,
};

/**
 * From the arguments to the seed: compat flags, names, seed (spec 1 §3); the daemon's side of
 * {@link agree}.
 *
 * @throws {Refusal} when no name is known to both.
 */
export async function negotiate(
  line: ClientLine,
  protocol: number,
  options: ClientOptions,
): Promise<Agreement> {
  const compat = protocol < 30 ? 0 : compatOf(options);
  const negotiates = (compat & compatFlags.varintFlags) !== 0;
  const { checksumChoice, compressChoice, isPull, transfer } = options;
  const asksChecksum = negotiates && checksumChoice === undefined;
  const asksCompression = negotiates && transfer.compress === true && compressChoice === undefined;
  const compressions = isPull ? tokenCompressions : readableCompressions;
  const ours = {
    checksum: asksChecksum ? checksums : undefined,
    compression: asksCompression ? [...compressions, "none"] : undefined,
  };
  if (protocol >= 30) line.write(offer(compat, [ours.checksum, ours.compression]));
  const checksum = await answered(line, "checksum", ours.checksum);
  const compression = await answered(line, "compression", ours.compression);
  const seed = options.seed === 0 ? randomInt(1, 2 ** 31 - 1) : options.seed;
  line.write(encoded((to) => to.int32(seed)));
  const usual = protocol < 30 ? "old-md4" : "md5";
  const compresses = transfer.compress && compression !== "none";
  return {
    protocol,
    // Offered to everybody, and done where the client does so, too.
    compat: options.capabilities.includes("s") ? compat : compat & ~compatFlags.symlinkIconv,
    checksum: checksum ?? checksumChoice ?? usual,
    compression: compresses ? (compression ?? compressChoice ?? "zlib") : undefined,
    seed,
    acknowledges: options.acknowledges,
    deletesByRules: false,
  };
}

function compatOf(options: ClientOptions): number {
  const { capabilities } = options;
  let flags: number = compatFlags.symlinkTimes | compatFlags.symlinkIconv;
  if (listsInPieces(options)) flags |= compatFlags.incrementalRecursion;
  for (const letter of capabilities) flags |= flagsOfLetters[letter] ?? 0;
  return flags;
}

/** As stock daemons decide it (spec 1 §3.2). */
function listsInPieces({
  capabilities,
  refusesIncremental,
  isPull,
  transfer,
}: ClientOptions): boolean {
  if (refusesIncremental || !capabilities.includes("i")) return false;
  return isPull ? transfer.recursive === true : mayListInPieces(transfer);
}

function offer(compat: number, lists: readonly (readonly string[] | undefined)[]): Uint8Array {
  return encoded((to) => {
    writeVarint(to, compat);
    for (const list of lists) if (list !== undefined) writeVstring(to, list.join(" "));
  });
}

/** The first of the client's names that we have: it takes the same, whatever its version. */
async function answered(
  line: ClientLine,
  what: string,
  ours: readonly string[] | undefined,
): Promise<string | undefined> {
  if (ours === undefined) return undefined;
  const theirs = (await line.read(readVstring)).split(" ").map((name) => aliases[name] ?? name);
  const chosen = theirs.find((name) => ours.includes(name));
  if (chosen !== undefined) return chosen;
  throw new Refusal(undefined, `no ${what} in common: it has ${theirs.join(", ")}`);
}

/**
 * The name that a client chose without asking, as we call it.
 *
 * @throws {SessionFailure} for what we cannot compute.
 */
export function chosenChecksum(choice: string): ChecksumName {
  const [transfer = "", list = transfer] = choice.split(",").map((name) => aliases[name] ?? name);
  const chosen = choosable.find((name) => name === transfer);
  if (chosen !== undefined && list === transfer) return chosen;
  throw new SessionFailure(4, `the checksum "${choice}" is not available at this daemon`);
}

/** @throws {SessionFailure} for a compression that is not to be had in this direction. */
export function expectCompression(compression: string | undefined, isPull: boolean): void {
  const known: readonly string[] = isPull ? tokenCompressions : readableCompressions;
  if (compression === undefined || known.includes(compression)) return;
  throw new SessionFailure(4, `the compression "${compression}" is not available at this daemon`);
}
