import { type Agreement, compatFlags } from "./agreement.ts";
import type { ChecksumName, StrongChecksum } from "./delta/checksum.ts";
import { openTokens } from "./delta/compression.ts";
import { loadStrongChecksum } from "./delta/strong.ts";
import { compileSuffixes } from "./delta/suffixes.ts";
import { CountedTokens } from "./delta/tokens.ts";
import type { ModeChange } from "./flist/chmod.ts";
import type { SentList } from "./flist/delete-rules.ts";
import { listFormat } from "./flist/format.ts";
import type { IdNames } from "./flist/id-names.ts";
import type { Output } from "./mux/mux.ts";
import type { TransferOptions } from "./options.ts";
import type { PushOptions, PushReport } from "./report.ts";
import { AttributeSender } from "./roles/attribute-sender.ts";
import { openDialect } from "./roles/dialect.ts";
import { ListFeed } from "./roles/list-feed.ts";
import { sendList, sendRules } from "./roles/list-sender.ts";
import { runSender, type SenderLink, type SenderOptions } from "./roles/sender.ts";
import type { FileSource } from "./source/source.ts";
import type { ListSource } from "./source/tree-lists.ts";
import type { SessionOptions } from "./target.ts";
import type { UnderWay } from "./under-way.ts";

/** What a transfer goes over, and what was agreed for it. */
export interface TransferLink extends SenderLink {
  readonly output: Output;
  readonly agreement: Agreement;
  /** The list is out, and the daemon speaks next. */
  onListed(): void;
  /** Of sessions whose daemon counts what is under way. */
  readonly underWay?: UnderWay | undefined;
}

/** What is sent, from where, and who is told. */
interface Job {
  readonly source: FileSource;
  readonly report: PushReport;
  readonly protect?: readonly string[] | undefined;
}

/** A transfer whose file list is sent as a whole. */
export interface TransferJob extends Job, Pick<PushOptions, "incomplete"> {
  readonly list: SentList;
}

/** A transfer whose file list is sent in pieces, each when it is needed. */
export interface ListsTransferJob extends Job {
  readonly lists: ListSource;
  readonly changeMode: ModeChange | undefined;
  /** The numbers of what will be listed, before anything is. */
  readonly onBegin: (numbers: ListFeed["numbers"]) => void;
}

type TransferSettings = Pick<SessionOptions, "transfer" | "idNames">;

/** Sends a file list and what the daemon asks for of it, from the first byte to the goodbye. */
export async function runTransfer(
  link: TransferLink,
  options: TransferSettings,
  { list, source, report, incomplete = false, protect = [] }: TransferJob,
): Promise<void> {
  const { output, agreement } = link;
  const strong = await strongChecksum(agreement);
  const pace = (): Promise<void> => link.pace();
  const sent = { ...list, rules: [...list.rules, ...protect] };
  const { transfer, idNames } = options;
  const attributes = attributeSender(transfer, agreement, source, report);
  const needs = { agreement, transfer, idNames, source, strong, attributes, incomplete, pace };
  const listChecksum = await listChecksumOf(agreement);
  const entries = await sendList(output, sent, { ...needs, listChecksum });
  link.onListed();
  if (transfer.checksum) report.knowSums(entries);
  report.listed();
  await serve(link, options, { entries, source, strong, attributes, report });
}

/** As {@link runTransfer}, where the daemon has agreed to a list in pieces. */
export async function runListsTransfer(
  link: TransferLink,
  options: TransferSettings,
  { lists, source, report, protect = [], changeMode, onBegin }: ListsTransferJob,
): Promise<void> {
  const { output, agreement } = link;
  const { transfer, idNames } = options;
  const strong = await strongChecksum(agreement);
  const digest = transfer.checksum ? await listChecksumOf(agreement) : undefined;
  const format = listFormat(agreement, transfer, { idNames, digestLength: digest?.length ?? 0 });
  const { inlineNames } = format;
  const attributes = attributeSender(transfer, agreement, source, report, inlineNames);
  sendRules(output, protect, { agreement, transfer });
  const feed = new ListFeed(
    { output, dialect: openDialect(agreement.protocol, 0) },
    {
      lists,
      source,
      digest,
      changeMode,
      format: { ...format, attributes },
      pace: () => link.pace(),
      onListed: (entries, isLast) => report.listed(entries, isLast),
    },
  );
  onBegin(feed.numbers);
  await feed.begin();
  link.onListed();
  await serve(link, options, { entries: [], feed, source, strong, attributes, report });
}

function strongChecksum({ checksum, seed, compat }: Agreement): Promise<StrongChecksum> {
  const seedFix = (compat & compatFlags.checksumSeedFix) !== 0;
  return loadStrongChecksum(checksum as ChecksumName, seed, { seedFix });
}

/** What the digests of a list are made with. */
function listChecksumOf(agreement: Agreement): Promise<StrongChecksum> {
  return strongChecksum({ ...agreement, checksum: agreement.listChecksum ?? agreement.checksum });
}

/** Answers what the daemon asks for of what was listed. */
async function serve(
  link: TransferLink,
  { transfer }: TransferSettings,
  served: Pick<SenderOptions, "entries" | "feed" | "source" | "strong" | "attributes"> &
    Pick<Job, "report">,
): Promise<void> {
  const { output, agreement, underWay } = link;
  const { protocol, compat, compression } = agreement;
  const { report, entries, feed, source, strong, attributes } = served;
  const tokens = new CountedTokens(openTokens(compression, output, transfer.compressLevel));
  await runSender(link, {
    // One by one: spread in, they would give the options of every session a hidden class of its own.
    entries,
    feed,
    source,
    strong,
    attributes,
    protocol,
    tokens,
    dryRun: transfer.dryRun ?? false,
    inplace: transfer.inplace ?? false,
    ...(transfer.skipCompress && { isStored: compileSuffixes(transfer.skipCompress) }),
    append: transfer.append && protocol < 30 ? "verify" : transfer.append,
    completesPartial: (compat & compatFlags.inplacePartialDir) !== 0,
    onItem: (item) => report.item(item),
    onSent: (index, outcome) => {
      if ("bytes" in outcome) underWay?.sent(index);
      report.sent(index, outcome);
    },
    onSentAll: () => underWay?.end(),
    onOpened: (item) => report.opened(item),
    onStep: (bytes) => report.step(bytes),
    onDeleteStats: (counts) => {
      report.deletedOfKind = counts;
    },
  });
  report.literalBytes = tokens.literalBytes;
  report.matchedBytes = tokens.matchedBytes;
}

/** Undefined where neither access lists nor extended attributes are sent. */
function attributeSender(
  transfer: TransferOptions,
  { protocol, compat }: Agreement,
  source: FileSource,
  report: PushReport,
  inlineNames?: IdNames,
): AttributeSender | undefined {
  if (!transfer.acls && !transfer.xattrs) return undefined;
  return new AttributeSender({
    source,
    transfer,
    protocol,
    compat,
    inlineNames,
    onUnreadable: ({ path }, cause) => {
      report.sawFailure();
      report.text("error", `cannot read the extended attributes of "${path}": ${cause.message}`);
    },
  });
}
