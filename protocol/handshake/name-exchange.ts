import type { OfferedNames } from "../agreement.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readVstring, writeVstring } from "../wire/vstring.ts";
import { encoded } from "../wire/writer.ts";
import { chooseName } from "./choice.ts";

/** So many pieces are acknowledged; rsync 3.2.7 writes a list in two, 3.5.0 in one. */
const mostSpaces = 3;

/** What is read piece by piece. */
interface PieceLink {
  tryRead<T>(decode: (from: Cursor) => T): T | undefined;
  more(): Promise<void>;
  write(bytes: Uint8Array | string): void;
}

/** What both sides take, and what the daemon had to choose from. */
export interface ExchangedNames {
  readonly checksum?: string | undefined;
  readonly compression?: string | undefined;
  readonly offered: OfferedNames;
}

/**
 * Takes the daemon's lists of names, and says what we choose of them.
 *
 * The daemon's next piece waits for the acknowledgement of the last, which comes 40 ms late where no
 * byte of ours carries it (spec 3 §6). The only bytes that may stand here are those of the answer,
 * so it is begun at once: with its length, and then spaces, which mean nothing in front of a name.
 *
 *     length  spaces  name  [length  name]
 *
 * @param ours the names that we have, best first; undefined for what is not asked.
 * @throws {RsyncError} PROTOCOL_MISMATCH when nothing is common to both.
 *
 * Wire: protocol 30 and later, with varint flags (spec 1 §3.3).
 */
export async function exchangeNames(link: PieceLink, ours: OfferedNames): Promise<ExchangedNames> {
  const first = ours.checksums ?? ours.compressions;
  if (first === undefined) return { offered: {} };
  let left = mostSpaces + Math.max(...first.map((name) => name.length));
  const shortest = left - mostSpaces;
  link.write(Uint8Array.of(left));
  const readNames = (from: Cursor): OfferedNames => ({
    checksums: ours.checksums && readVstring(from).split(" "),
    compressions: ours.compressions && readVstring(from).split(" "),
  });
  let offered = link.tryRead(readNames);
  while (offered === undefined) {
    await link.more();
    offered = link.tryRead(readNames);
    if (offered !== undefined || left === shortest) continue;
    left -= 1;
    link.write(" ");
  }
  const { checksums = [], compressions = [] } = offered;
  const checksum = ours.checksums && chooseName("checksum", ours.checksums, checksums);
  const compression =
    ours.compressions && chooseName("compression", ours.compressions, compressions);
  link.write((checksum ?? compression ?? "").padStart(left));
  if (checksum !== undefined && compression !== undefined) {
    link.write(encoded((to) => writeVstring(to, compression)));
  }
  return { checksum, compression, offered };
}
