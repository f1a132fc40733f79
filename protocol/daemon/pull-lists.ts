import { isIncremental } from "../agreement.ts";
import type { StrongChecksum } from "../delta/checksum.ts";
import { parseChmod } from "../flist/chmod.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import { listFormat } from "../flist/format.ts";
import type { IdNames } from "../flist/id-names.ts";
import { entryBytes } from "../flist/list-reader.ts";
import { unmunged } from "../flist/munge.ts";
import { numbered } from "../flist/order.ts";
import { eachOf, paced } from "../flist/stepwise.ts";
import type { AttributeSender } from "../roles/attribute-sender.ts";
import { openDialect } from "../roles/dialect.ts";
import { ListFeed } from "../roles/list-feed.ts";
import { sendList } from "../roles/list-sender.ts";
import { type ListNumbers, WholeList } from "../roles/list-window.ts";
import { LocalIdNames } from "../source/id-names.ts";
import { hasSize } from "../totals.ts";
import type { ClientSession } from "./client-session.ts";
import type { PullListing } from "./pull-listing.ts";

const idNames = new LocalIdNames();

/** What a client that pulls has been sent, or will be. */
export interface PulledLists {
  /** What came in one list; empty with a feed. */
  readonly entries: readonly FileEntry[];
  /** Sends further lists, where they go out in pieces. */
  readonly feed?: ListFeed;
  readonly numbers: ListNumbers;
  /** There is nothing at all. */
  readonly isEmpty: boolean;
}

export interface PullListsOptions {
  readonly session: ClientSession;
  readonly listing: PullListing;
  readonly strong: StrongChecksum;
  /** Lets other work run, and waits while the client is slower than we are. */
  readonly pace: () => Promise<void>;
  /** Of a session that sends extended attributes; told of names that stand in lists. */
  readonly attributes: (inlineNames?: IdNames) => AttributeSender | undefined;
}

/** What runSender needs besides what was listed. */
export interface SentPull extends PulledLists {
  readonly attributes: AttributeSender | undefined;
}

/** Sends the file list of a pull, or the first of its lists. */
export function sendPulled(options: PullListsOptions): Promise<SentPull> {
  return isIncremental(options.session.agreement) ? sendPieces(options) : sendWhole(options);
}

async function sendWhole({
  session,
  listing,
  strong,
  pace,
  attributes: open,
}: PullListsOptions): Promise<SentPull> {
  const { agreement, module, options, output } = session;
  const attributes = open();
  const entries = await entriesOf(session, listing, pace);
  await sendList(
    output,
    { entries, rules: [] },
    {
      agreement,
      // Deletions are the client's own business here.
      transfer: {
        ...options.transfer,
        delete: false,
        deleteExcluded: false,
        pruneEmptyDirs: false,
      },
      idNames: module.numericIds ? undefined : idNames,
      source: listing.source,
      strong,
      attributes,
      incomplete: listing.isIncomplete,
      pace,
    },
  );
  const isEmpty = entries.length === 0;
  return { entries, numbers: new WholeList(entries), isEmpty, attributes };
}

/** Everything that is asked for, as it is sent; long lists hold up nobody else. */
async function entriesOf(
  session: ClientSession,
  listing: PullListing,
  pace: () => Promise<void>,
): Promise<FileEntry[]> {
  const found = await listing.entries(pace);
  const { slots } = await paced(numbered(found, session.agreement.protocol), pace);
  const change = changeOf(session);
  const entries: FileEntry[] = [];
  const take = (slot: FileEntry | undefined): void => {
    if (slot === undefined) return;
    entries.push(change(slot));
    if (hasSize(slot)) session.totalBytes += slot.size;
  };
  await paced(eachOf(slots, take), pace);
  return entries;
}

async function sendPieces({
  session,
  listing,
  strong,
  pace,
  attributes: open,
}: PullListsOptions): Promise<SentPull> {
  const { agreement, module, options, output, memory } = session;
  const { transfer } = options;
  const digest = transfer.checksum ? strong : undefined;
  const format = listFormat(agreement, transfer, {
    idNames: module.numericIds ? undefined : idNames,
    digestLength: digest?.length ?? 0,
  });
  const attributes = open(format.inlineNames);
  const feed = new ListFeed(
    { output, dialect: openDialect(agreement.protocol, 0) },
    {
      lists: await listing.lists(pace),
      source: listing.source,
      digest,
      changeMode: changeOf(session),
      format: { ...format, attributes },
      pace,
      onListed: (entries) => {
        for (const entry of entries) {
          memory.spend(bytesOf(entry));
          if (hasSize(entry)) session.totalBytes += entry.size;
        }
      },
      onForgotten: (entries, directory) => memory.spend(-bytesFreed(entries, directory)),
    },
  );
  await feed.begin();
  const { numbers } = feed;
  return { entries: [], feed, numbers, isEmpty: numbers.listed === 0, attributes };
}

/** What the module says of its entries. */
function changeOf({ module }: ClientSession): (entry: FileEntry) => FileEntry {
  const { outgoingChmod, mungeSymlinks = false } = module;
  const changeMode = outgoingChmod ? parseChmod(outgoingChmod, process.umask()) : undefined;
  return (entry) => {
    const told = mungeSymlinks ? unmunged(entry) : entry;
    return changeMode === undefined ? told : changeMode(told);
  };
}

function bytesOf({ path, linkTarget }: FileEntry): number {
  return entryBytes + 2 * (path.length + (linkTarget?.length ?? 0));
}

/** A directory is remembered until its own list is forgotten. */
function bytesFreed(entries: readonly FileEntry[], directory: FileEntry | undefined): number {
  let bytes = directory === undefined || directory.path === "" ? 0 : bytesOf(directory);
  for (const entry of entries) if (!isDirectory(entry)) bytes += bytesOf(entry);
  return bytes;
}
