import {
  displayText,
  observers,
  type PullObserver,
  type PullResult,
  runPull,
} from "../../../protocol/index.ts";
import type { Outputs } from "../outputs.ts";
import { Printer } from "../push/printer.ts";
import { exitReasons } from "../push/run.ts";
import { untilStop } from "../push/stop-flags.ts";
import { statsLines, summaryLines } from "../push/summary.ts";
import { logged, type TransferLog } from "../push/transfer-log.ts";
import type { PullCommand } from "./command.ts";

/** A daemon may read for long without a word; for ever it may not. */
const defaultTimeoutSeconds = 3_600;

/**
 * Carries out `sersync pull`.
 *
 * @returns rsync's exit code: 0, 23 (something failed), 24 (vanished), 25 (deletions stopped).
 * @throws {RsyncError} what ended the pull.
 */
export async function runPullCommand(
  command: PullCommand,
  outputs: Outputs,
  signal?: AbortSignal,
): Promise<number> {
  return logged(command, outputs, "receiving file list", (told, log) =>
    untilStop(command.stopAt, signal, (either) => pullOnce(command, told, either, log)),
  );
}

async function pullOnce(
  command: PullCommand,
  outputs: Outputs,
  signal: AbortSignal | undefined,
  log: TransferLog | undefined,
): Promise<number> {
  const { telling, transfer, connectSeconds, incremental } = command;
  const out = telling.quiet ? () => {} : outputs.out;
  const began = performance.now();
  const printer = new Printer(command, { ...outputs, out }, { direction: "receive" });
  const logPrinter = log && printerOf(command, log);
  // Who asks for single files hears nothing of a list.
  const isList = transfer.recursive || transfer.dirs || command.filesFrom !== undefined;
  const tellsList = telling.tellsList && isList;
  if (tellsList) {
    out(incremental ? "receiving incremental file list\n" : "receiving file list ... ");
  }
  let listMs = 0;
  const observer = observerOf([printer, ...(logPrinter ? [logPrinter] : [])], () => {
    listMs = performance.now() - began;
    if (tellsList && !incremental) out("done\n");
  });
  const pulling = runPull({
    ...command,
    ...observer,
    onAgreed: (agreement) => {
      printer.agreed(agreement);
      logPrinter?.agreed(agreement);
    },
    wildcards: true,
    tellsAll: telling.tellsAll,
    tellsMade: telling.tellsMade,
    tellsUnsafe: telling.tellsUnsafe,
    signal,
    timeoutMs: (transfer.timeoutSeconds || defaultTimeoutSeconds) * 1_000,
    ...(connectSeconds && { handshakeTimeoutMs: connectSeconds * 1_000 }),
    ...(telling.motd && { onMotd: (line: string) => out(`${displayText(line)}\n`) }),
  });
  const result = await pulling.finally(() => printer.close());
  printer.finish();
  const lines = closingLines(command, result, { listMs, totalMs: performance.now() - began });
  if (lines.length > 0) out(`${lines.join("\n")}\n`);
  if (lines.length > 0) log?.write(`${lines.join("\n")}\n`);
  else log?.sum(result.totals);
  const { exitCode } = result;
  const reason = exitReasons[exitCode];
  if (reason !== undefined) outputs.err(`sersync: ${reason} (code ${exitCode})\n`);
  return exitCode;
}

/** What is told into the log; what goes wrong is told there as it is printed. */
function printerOf({ transfer }: PullCommand, log: TransferLog): Printer {
  const outputs = { out: (text: string): void => log.write(text), err: () => {} };
  const options = { direction: "receive", isLog: true } as const;
  return new Printer({ transfer, telling: log.telling }, outputs, options);
}

function observerOf(printers: readonly Printer[], onListed: () => void): PullObserver {
  const observer = observers(printers.map((each) => each.observer));
  const { item, step, deleted, text } = observer;
  return {
    listed: (entries, isLast) => {
      if (isLast) onListed();
      observer.listed?.(entries, isLast);
    },
    ...(item && { item }),
    ...(step && { step }),
    ...(deleted && { deleted }),
    ...(text && { text }),
    receiving: (entry, about, place) => observer.sending?.(entry, about, place),
    received: (entry, outcome, place) => {
      if (outcome.kind !== "received") return;
      observer.sent?.(entry, { ...outcome, kind: "sent" }, place);
    },
  };
}

function closingLines(
  { telling, transfer, target }: PullCommand,
  { totals }: PullResult,
  times: { readonly listMs: number; readonly totalMs: number },
): string[] {
  const options = {
    ...times,
    human: telling.human,
    dryRun: transfer.dryRun ?? false,
    tellsDeletions: (target.protocol ?? 32) >= 31,
  };
  return [
    ...(telling.stats > 1 ? statsLines(totals, options) : []),
    ...(telling.stats > 0 ? summaryLines(totals, options) : []),
  ];
}
