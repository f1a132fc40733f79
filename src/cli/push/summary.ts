import type { ObjectCounts, PushTotals } from "../../../protocol/index.ts";
import { formatNumber } from "./number.ts";

/** Times of a push in milliseconds, and how its numbers are written. */
export interface SummaryOptions {
  readonly listMs: number;
  readonly totalMs: number;
  readonly human: number;
  readonly dryRun: boolean;
  /** Protocol 31 and later tell of deletions. */
  readonly tellsDeletions: boolean;
}

/** What `--stats` prints, a line each. */
export function statsLines(totals: PushTotals, options: SummaryOptions): string[] {
  const { listMs, human, tellsDeletions } = options;
  const number = (value: number): string => formatNumber(value, human);
  const bytes = (value: number): string => `${number(value)} bytes`;
  return [
    "",
    `Number of files: ${formatCounts(totals.listed, human)}`,
    `Number of created files: ${formatCounts(totals.created, human)}`,
    ...(tellsDeletions ? [`Number of deleted files: ${formatCounts(totals.deleted, human)}`] : []),
    `Number of regular files transferred: ${number(totals.transferredFiles)}`,
    `Total file size: ${bytes(totals.totalBytes)}`,
    `Total transferred file size: ${bytes(totals.transferredBytes)}`,
    `Literal data: ${bytes(totals.literalBytes)}`,
    `Matched data: ${bytes(totals.matchedBytes)}`,
    "File list size: 0",
    `File list generation time: ${(listMs / 1_000).toFixed(3)} seconds`,
    "File list transfer time: 0.000 seconds",
    `Total bytes sent: ${number(totals.sentBytes)}`,
    `Total bytes received: ${number(totals.receivedBytes)}`,
  ];
}

/** What `-v` prints at the end. */
export function summaryLines(totals: PushTotals, options: SummaryOptions): string[] {
  const { sentBytes, receivedBytes, totalBytes } = totals;
  const { totalMs, human, dryRun } = options;
  const moved = sentBytes + receivedBytes;
  const rate = formatNumber(moved / (0.5 + Math.floor(totalMs / 1_000)), human, 2);
  const speedup = formatNumber(totalBytes / moved, Math.min(human, 1), 2);
  const sent = `sent ${formatNumber(sentBytes, human)} bytes`;
  return [
    "",
    `${sent}  received ${formatNumber(receivedBytes, human)} bytes  ${rate} bytes/sec`,
    `total size is ${formatNumber(totalBytes, human)}  speedup is ${speedup}${dryRun ? " (DRY RUN)" : ""}`,
  ];
}

function formatCounts(counts: ObjectCounts, human: number): string {
  const kinds = [
    ["reg", counts.files],
    ["dir", counts.directories],
    ["link", counts.symlinks],
    ["dev", counts.devices],
    ["special", counts.specials],
  ] as const;
  const told = kinds.flatMap(([name, count]) =>
    count === 0 ? [] : [`${name}: ${formatNumber(count, human)}`],
  );
  const all = formatNumber(counts.all, human);
  return told.length === 0 ? all : `${all} (${told.join(", ")})`;
}
