import { type Agreement, compatFlags } from "./agreement.ts";
import { openTokens } from "./delta/compression.ts";
import { type ChecksumName, loadStrongChecksum } from "./delta/strong.ts";
import { CountedTokens } from "./delta/tokens.ts";
import type { SentList } from "./flist/delete-rules.ts";
import type { Output } from "./mux/mux.ts";
import type { TransferOptions } from "./options.ts";
import type { PushOptions, PushReport } from "./report.ts";
import { AttributeSender } from "./roles/attribute-sender.ts";
import { sendList } from "./roles/list-sender.ts";
import { runSender, type SenderLink } from "./roles/sender.ts";
import type { FileSource } from "./source/source.ts";
import type { SessionOptions } from "./target.ts";

/** What a transfer goes over, and what was agreed for it. */
export interface TransferLink extends SenderLink {
  readonly output: Output;
  readonly agreement: Agreement;
  /** The list is out, and the daemon speaks next. */
  onListed(): void;
}

/** What is sent, from where, and who is told. */
export interface TransferJob extends Pick<PushOptions, "incomplete" | "protect"> {
  readonly list: SentList;
  readonly source: FileSource;
  readonly report: PushReport;
}

/** Sends a file list and what the daemon asks for of it, from the first byte to the goodbye. */
export async function runTransfer(
  link: TransferLink,
  options: Pick<SessionOptions, "transfer" | "idNames">,
  { list, source, report, incomplete = false, protect = [] }: TransferJob,
): Promise<void> {
  const { output, agreement } = link;
  const { transfer, idNames } = options;
  const { protocol, checksum, seed, compat, compression } = agreement;
  const seedFix = (compat & compatFlags.checksumSeedFix) !== 0;
  const strong = await loadStrongChecksum(checksum as ChecksumName, seed, { seedFix });
  const pace = (): Promise<void> => link.pace();
  const sent = { ...list, rules: [...list.rules, ...protect] };
  const attributes = attributeSender(options.transfer, agreement, source, report);
  await sendList(output, sent, {
    agreement,
    transfer,
    idNames,
    source,
    strong,
    attributes,
    incomplete,
    pace,
  });
  link.onListed();
  report.listed();
  const tokens = new CountedTokens(openTokens(compression, output, transfer.compressLevel));
  await runSender(link, {
    entries: list.entries,
    source,
    strong,
    attributes,
    protocol,
    tokens,
    dryRun: transfer.dryRun ?? false,
    inplace: transfer.inplace ?? false,
    append: transfer.append && protocol < 30 ? "verify" : transfer.append,
    completesPartial: (compat & compatFlags.inplacePartialDir) !== 0,
    onItem: (item) => report.item(item),
    onSent: (index, outcome) => report.sent(index, outcome),
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
): AttributeSender | undefined {
  if (!transfer.acls && !transfer.xattrs) return undefined;
  return new AttributeSender({
    source,
    transfer,
    protocol,
    compat,
    onUnreadable: ({ path }, cause) => {
      report.sawFailure();
      report.text("error", `cannot read the extended attributes of "${path}": ${cause.message}`);
    },
  });
}
