import {
  ArgumentSource,
  asBytePath,
  type DirectoryList,
  displayPath,
  displayText,
  type FileEntry,
  isIncremental,
  type ListProblem,
  type ListSource,
  LocalIdNames,
  observers,
  type PushOptions,
  type PushReport,
  Session,
} from "../../../protocol/index.ts";
import type { Outputs } from "../outputs.ts";
import type { PushCommand } from "./command.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { Printer } from "./printer.ts";
import { untilStop } from "./stop-flags.ts";
import { statsLines, summaryLines } from "./summary.ts";
import { logged, type TransferLog } from "./transfer-log.ts";

/** A daemon may compare for long without a word; for ever it may not. */
const defaultTimeoutSeconds = 3_600;

/**
 * Carries out `sersync push`.
 *
 * @returns rsync's exit code: 0, 23 (something failed), 24 (vanished), 25 (deletions stopped).
 * @throws {RsyncError} what ended the push.
 */
export async function runPush(
  command: PushCommand,
  outputs: Outputs,
  signal?: AbortSignal,
): Promise<number> {
  const quiet = { ...outputs, out: command.telling.quiet ? () => {} : outputs.out };
  const push = (told: Outputs, log?: TransferLog): Promise<number> =>
    untilStop(command.stopAt, signal, (either) => new Push(command, told, either, log).run());
  return logged(command, quiet, "building file list", push);
}

class Push {
  readonly #command: PushCommand;
  readonly #outputs: Outputs;
  readonly #signal: AbortSignal | undefined;
  readonly #source: ArgumentSource;
  readonly #log: TransferLog | undefined;
  readonly #startedAt = performance.now();
  #listMs = 0;
  #failed = false;
  /** Something could not be listed. */
  #incomplete = false;
  #vanished = false;

  constructor(
    command: PushCommand,
    outputs: Outputs,
    signal: AbortSignal | undefined,
    log?: TransferLog,
  ) {
    const { transfer, filter, oneFileSystem, listsDirectories, deleteMissing } = command;
    this.#command = command;
    this.#outputs = outputs;
    this.#signal = signal;
    this.#log = log;
    this.#source = new ArgumentSource({
      recursive: transfer.recursive ?? false,
      relative: transfer.relative ?? false,
      dirs: listsDirectories,
      oneFileSystem,
      links: transfer,
      deletesMissing: deleteMissing,
      filter,
      signal,
      onProblem: (problem) => this.#tellProblem(problem),
      onSkipped: (path) => outputs.out(`skipping directory ${displayPath(asBytePath(path))}\n`),
    });
  }

  async run(): Promise<number> {
    const { filter, transfer } = this.#command;
    const fullName = (entry: FileEntry): string => this.#source.fullName(entry);
    const printer = new Printer(this.#command, this.#outputs, { fullName });
    const log = this.#logPrinter(fullName);
    this.#tellNotes();
    const destination = await destinationOf(this.#command, this.#signal);
    const session = await this.#open(destination);
    try {
      const { protocol } = session.agreement;
      printer.agreed(session.agreement);
      log?.agreed(session.agreement);
      const report = await this.#push(session, destination, {
        ...observers([printer.observer, ...(log ? [log.observer] : [])]),
        ...this.#removal(),
        protect: filter.onWire(protocol, transfer.deleteExcluded ?? false),
      });
      printer.finish();
      this.#tellTotals(report, protocol);
      return this.#exitCode(report);
    } finally {
      printer.close();
      session.close();
    }
  }

  /** What is told into the log; what goes wrong is told there as it is printed. */
  #logPrinter(fullName: (entry: FileEntry) => string): Printer | undefined {
    const log = this.#log;
    if (log === undefined) return undefined;
    const out = (text: string): void => log.write(text);
    const command = { transfer: this.#command.transfer, telling: log.telling };
    return new Printer(command, { out, err: () => {} }, { fullName, isLog: true });
  }

  async #open({ target, newName }: Destination): Promise<Session> {
    const { transfer, features, telling, connectSeconds } = this.#command;
    const { timeoutSeconds = 0 } = transfer;
    return Session.open(target, {
      transfer,
      features: newName === undefined ? features : { ...features, incremental: false },
      idNames: new LocalIdNames(),
      signal: this.#signal,
      timeoutMs: (timeoutSeconds || defaultTimeoutSeconds) * 1_000,
      ...(connectSeconds && { handshakeTimeoutMs: connectSeconds * 1_000 }),
      ...(telling.motd && { onMotd: (line) => this.#outputs.out(`${displayText(line)}\n`) }),
    });
  }

  /** Lists while it sends, where the daemon agrees; otherwise all that there is at first. */
  async #push(
    session: Session,
    { newName }: Destination,
    options: PushOptions,
  ): Promise<PushReport> {
    const { sources, telling, transfer, listsDirectories } = this.#command;
    // Who sends single files hears nothing of a list.
    const tellsList = telling.tellsList && (transfer.recursive || listsDirectories);
    const tell = tellsList ? this.#outputs.out : (): void => {};
    if (isIncremental(session.agreement)) {
      tell("sending incremental file list\n");
      return session.pushLists(this.#lists(), this.#source, options);
    }
    tell("building file list ... ");
    const began = performance.now();
    const listed = sources.flatMap((source) => [...this.#source.list(source)]);
    const entries =
      newName === undefined
        ? listed
        : listed.map((entry) => ({ ...entry, path: newName, servedBy: entry }));
    this.#listMs = performance.now() - began;
    tell("done\n");
    return session.push(entries, this.#source, { ...options, incomplete: this.#incomplete });
  }

  /** What is listed bit by bit, with the time that it takes. */
  #lists(): ListSource {
    const lists = this.#source.lists(this.#command.sources, () => this.#incomplete);
    const next = (): DirectoryList | undefined => {
      const began = performance.now();
      const list = lists.next();
      this.#listMs += performance.now() - began;
      return list;
    };
    return {
      next,
      get hasMore() {
        return lists.hasMore;
      },
      get incomplete() {
        return lists.incomplete;
      },
    };
  }

  #tellNotes(): void {
    const { notes, telling } = this.#command;
    if (telling.quiet) return;
    for (const note of notes) this.#outputs.err(`sersync: ${note}\n`);
  }

  #tellProblem({ path, kind, cause, isDirectory = false }: ListProblem): void {
    const { ignoreMissing } = this.#command;
    if (kind === "missing" && ignoreMissing) return;
    const name = displayPath(asBytePath(path.replace(/\/\.(?=\/|$)/, "")));
    if (kind === "vanished") {
      this.#vanished = true;
      this.#outputs.err(`${isDirectory ? "directory" : "file"} has vanished: ${name}\n`);
      return;
    }
    this.#failed = true;
    // What was named and is not there hides nothing from a delete pass.
    if (kind !== "missing") this.#incomplete = true;
    const reason = cause?.message ?? "no such file or directory";
    this.#outputs.err(`sersync: cannot list ${name}: ${reason}\n`);
  }

  /** `--remove-source-files`: what is safely there goes here. */
  #removal(): { acknowledged?: (entry: FileEntry) => void } {
    const { removeSource, transfer } = this.#command;
    if (!removeSource || transfer.dryRun) return {};
    return {
      acknowledged: (entry) => {
        if (this.#source.remove(entry)) return;
        this.#failed = true;
        this.#outputs.err(`sersync: ${displayPath(entry.path)} has changed, it is not removed\n`);
      },
    };
  }

  #tellTotals(report: PushReport, protocol: number): void {
    const { telling, transfer } = this.#command;
    const options = {
      listMs: this.#listMs,
      totalMs: performance.now() - this.#startedAt,
      human: telling.human,
      dryRun: transfer.dryRun ?? false,
      tellsDeletions: protocol >= 31,
    };
    const { totals } = report;
    const lines = [
      ...(telling.stats > 1 ? statsLines(totals, options) : []),
      ...(telling.stats > 0 ? summaryLines(totals, options) : []),
    ];
    if (lines.length > 0) this.#outputs.out(`${lines.join("\n")}\n`);
    if (lines.length > 0) this.#log?.write(`${lines.join("\n")}\n`);
    else this.#log?.sum(totals);
  }

  #exitCode(report: PushReport): number {
    const { exitCode } = report;
    const code = this.#failed ? 23 : exitCode === 0 && this.#vanished ? 24 : exitCode;
    const reason = exitReasons[code];
    if (reason !== undefined) this.#outputs.err(`sersync: ${reason} (code ${code})\n`);
    return code;
  }
}

/** What the exit codes of a session that ended well stand for. */
export const exitReasons: Readonly<Record<number, string>> = {
  23: "not everything was transferred, see above",
  24: "some files vanished before they were transferred",
  25: "--max-delete stopped the deletions",
};
