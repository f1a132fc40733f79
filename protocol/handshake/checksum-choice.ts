import type { ChecksumName } from "../delta/checksum.ts";
import { RsyncError } from "../errors.ts";

/** Which checksums a session uses. */
export interface ChecksumChoice {
  /** Of blocks and whole files. */
  readonly transfer: ChecksumName;
  /** Of lists that are compared by content. */
  readonly list: ChecksumName;
}

/** In rsync's own order; what is negotiated has another one, by what they cost us. */
const names: readonly ChecksumName[] = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1", "none"];

/**
 * Reads `--checksum-choice`: one name, or one for the transfer and one for `--checksum`.
 *
 * @throws {RsyncError} BAD_OPTION for a checksum that we cannot compute.
 */
export function parseChecksumChoice(text: string): ChecksumChoice {
  const [transfer = "", list = transfer, ...more] = text.split(",");
  if (more.length > 0) throw badChoice(text);
  return { transfer: nameOf(transfer, text), list: nameOf(list, text) };
}

function nameOf(word: string, text: string): ChecksumName {
  const wanted = word === "xxhash" ? "xxh64" : word;
  const found = names.find((name) => name === wanted);
  if (found === undefined) throw badChoice(text);
  return found;
}

function badChoice(text: string): RsyncError {
  return new RsyncError(
    "BAD_OPTION",
    `Cannot use the checksum ${JSON.stringify(text)}: there are ${names.join(", ")}, or two of them with a comma between`,
  );
}
