import {
  type Agreement,
  type FileEntry,
  isRegularFile,
  type Traffic,
} from "../../../protocol/index.ts";

/** Bytes of a sum, and whether it is written from its end, as numbers are that go low byte first. */
const kinds: Readonly<Record<string, { readonly length: number; readonly isReversed: boolean }>> = {
  xxh128: { length: 16, isReversed: true },
  xxh3: { length: 8, isReversed: true },
  xxh64: { length: 8, isReversed: true },
  md5: { length: 16, isReversed: false },
  md4: { length: 16, isReversed: false },
  sha1: { length: 20, isReversed: false },
};
/** Sums that say nothing by themselves take room all the same. */
const blankLengths: Readonly<Record<string, number>> = { "old-md4": 16, none: 1 };

/** What is known of an entry when its sum is written. */
export interface Summed {
  readonly entry: FileEntry;
  /** Its content goes, or would go without `-n`. */
  readonly isTransfer: boolean;
  /** Undefined where no content has gone. */
  readonly traffic?: Traffic | undefined;
}

/** The field `%C`: the sum of a regular file's content, where one is known, or blanks. */
export function sumText(
  { entry, isTransfer, traffic }: Summed,
  { checksum, listChecksum = checksum }: Pick<Agreement, "checksum" | "listChecksum">,
  comparesSums: boolean,
): string {
  const name = comparesSums ? listChecksum : checksum;
  const kind = kinds[name];
  const length = kind?.length ?? blankLengths[name] ?? 0;
  const ofTransfer = isTransfer ? (traffic?.sum ?? new Uint8Array(length)) : undefined;
  const sum = comparesSums ? entry.digest : ofTransfer;
  if (kind === undefined || sum === undefined || !isRegularFile(entry)) {
    return " ".repeat(2 * length);
  }
  return Buffer.from(kind.isReversed ? sum.toReversed() : sum).toString("hex");
}
