import type { Location } from "../destination/location.ts";
import { readXattrValue } from "../flist/attribute-reader.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { ReadValue } from "../flist/list-reader.ts";
import { writeVarint } from "../wire/varint.ts";
import { encoded } from "../wire/writer.ts";
import type { ReceivingJob } from "./receiving.ts";
import { type Item, itemFlags } from "./request.ts";

/** Set in the flags of an item whose extended attributes differ: numbers of values follow it. */
const reportXattrs = 0x0100;
const linkedHere = itemFlags.nameFollows | itemFlags.localChange;

/**
 * An item that asks for the long values of extended attributes which are not here.
 *
 *     increment* 0
 *
 * @param at what the entry was compared with; undefined: with nothing.
 *
 * Wire: protocol 30 and later, behind an item whose flags say so (spec 2 §2.5).
 */
export function withWanted(
  item: Item,
  entry: FileEntry,
  at: Location | undefined,
  { attributes, transfer }: Pick<ReceivingJob, "attributes" | "transfer">,
): Item {
  if (!transfer.xattrs) return item;
  // A further name has what the object has, and both sides may take it for granted.
  if ((item.flags & linkedHere) === linkedHere)
    return { ...item, flags: item.flags & ~reportXattrs };
  const missing = attributes.wanted(entry, at);
  const flags = missing.length > 0 ? item.flags | reportXattrs : item.flags;
  if (transfer.dryRun || (flags & reportXattrs) === 0) return { ...item, flags };
  const asked = encoded((to) => {
    let before = 0;
    for (const { number, long } of missing) {
      if (long.isAsked) continue;
      long.isAsked = true;
      writeVarint(to, number - before);
      before = number;
    }
    writeVarint(to, 0);
  });
  return { ...item, flags, attributes: asked };
}

/** True when values follow an answer, which they do wherever they were asked for. */
export function bringsValues(
  { flags }: Item,
  { transfer }: Pick<ReceivingJob, "transfer">,
): boolean {
  return Boolean(transfer.xattrs) && !transfer.dryRun && (flags & reportXattrs) !== 0;
}

/** Takes the long values that follow an answer. @throws {RsyncError} BAD_STREAM */
export async function readValues({ attributes }: FileEntry, read: ReadValue): Promise<void> {
  const listed = attributes?.xattrs ?? [];
  for (let before = 0; ; ) {
    const number = await read((from) => readXattrValue(from, before, listed));
    if (number === "end") return;
    before = number;
  }
}

/** Sets values of an entry for which no content had to come. */
export function applyValues(
  { attributes, events }: Pick<ReceivingJob, "attributes" | "events">,
  entry: FileEntry,
): void {
  try {
    attributes.applyValues(entry);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    events.failed(entry.path, error.message);
  }
}
