import type { Agreement } from "../agreement.ts";
import type { StrongChecksum } from "../delta/checksum.ts";
import { type SentList, writeFilterList } from "../flist/delete-rules.ts";
import type { AttributeWriter, FileEntry } from "../flist/entry.ts";
import { listFormat } from "../flist/format.ts";
import { type IdNames, writeFileList } from "../flist/list.ts";
import type { Output } from "../mux/mux.ts";
import type { TransferOptions } from "../options.ts";
import { pathFromText } from "../path.ts";
import type { FileSource } from "../source/source.ts";
import { withDigests } from "./list-digests.ts";

export interface ListSenderOptions {
  readonly agreement: Agreement;
  readonly transfer: TransferOptions;
  readonly idNames: IdNames | undefined;
  readonly source: FileSource;
  readonly strong: StrongChecksum;
  /** Of the list's digests, where it is another one. */
  readonly listChecksum?: StrongChecksum | undefined;
  /** Of a session that sends extended attributes. */
  readonly attributes?: AttributeWriter | undefined;
  /** Something could not be listed. */
  readonly incomplete: boolean;
  /** Lets other work run, and waits while the peer is slower than we are. */
  readonly pace: () => Promise<void>;
}

/**
 * Sends the rules for a delete pass, where there is one, and the file list.
 *
 * @returns the entries as they were listed, with their sums where lists are compared by them.
 */
export async function sendList(
  output: Output,
  { entries, rules }: Pick<SentList, "entries" | "rules">,
  options: ListSenderOptions,
): Promise<readonly FileEntry[]> {
  const { agreement, transfer, idNames, source, strong, attributes, incomplete, pace } = options;
  const { checksum = false } = transfer;
  sendRules(output, rules, options);
  const { listChecksum = strong } = options;
  const list = checksum ? await withDigests(entries, source, listChecksum, pace) : entries;
  const format = listFormat(agreement, transfer, {
    idNames,
    digestLength: checksum ? listChecksum.length : 0,
    attributes,
  });
  await writeFileList(output, list, format, incomplete, pace);
  return list;
}

/** Sends the rules for a delete pass, where there is one. */
export function sendRules(
  output: Output,
  rules: readonly string[],
  { agreement, transfer }: Pick<ListSenderOptions, "agreement" | "transfer">,
): void {
  const { deleteExcluded = false, pruneEmptyDirs } = transfer;
  const deletes = transfer.delete || deleteExcluded || agreement.deletesByRules;
  // Before protocol 29 nothing is protected from --delete-excluded, and no rules are read.
  const isHeard = pruneEmptyDirs || (deletes && !(deleteExcluded && agreement.protocol < 29));
  if (!isHeard) return;
  writeFilterList(output, [...partialRules(transfer, agreement.protocol), ...rules]);
}

/** What waits in partial directories for its completion is nothing that was deleted here. */
function partialRules({ partialDir, delayUpdates }: TransferOptions, protocol: number): string[] {
  const directory = partialDir ?? (delayUpdates ? ".~tmp~" : "/");
  if (directory.startsWith("/")) return [];
  return [`${protocol >= 30 ? "-p" : "-"} ${pathFromText(directory.replace(/\/+$/, ""))}/`];
}
