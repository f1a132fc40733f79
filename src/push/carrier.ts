import {
  type BytePath,
  type FileEntry,
  isDirectory,
  itemFlags,
  LocalTree,
  type PushObserver,
  type Rename,
  rootPath,
} from "../../protocol/index.ts";
import type { FilterConfig } from "../filter/filter.ts";
import { compileRules, excludesAnything, type Rules } from "../filter/rules.ts";
import { Sendings } from "./activity.ts";
import type { BatchOptions } from "./batch.ts";
import type { CarrierReport, CarryOptions, EntryCarrier } from "./carry.ts";
import { deliveryOf } from "./delivery.ts";
import { DirectoryTimes } from "./directory-times.ts";
import { isBreak } from "./failure.ts";
import { type GuardEvidence, type GuardVerdict, judgeDeletions } from "./guard.ts";
import { carries, mayKeep, mayRename, type SessionKind } from "./kinds.ts";
import { LinkedNames } from "./linked-names.ts";
import { LockedNames } from "./locked-names.ts";
import type { Activity, TargetSettings, Unsettled } from "./message.ts";
import { MountGuard, sparingMounts } from "./mount-guard.ts";
import { Overlap } from "./overlap.ts";
import { SentFiles } from "./sent-files.ts";
import { type Pushed, Sessions, type SessionsOptions } from "./sessions.ts";
import { carrySparing } from "./way.ts";

/**
 * The sessions to one target: sends entries over the right kind of session, and tells path by path
 * what the daemon has acknowledged. Lives in a push thread.
 */
export class Carrier implements EntryCarrier {
  /** What batches are built with from now on. */
  options: BatchOptions;
  readonly filter: FilterConfig;
  readonly rules: Rules;
  /** False when nothing at all is excluded. */
  readonly hasRules: boolean;
  /** Names of one object are one at the target, too. */
  readonly keepsLinks: boolean;
  readonly #settings: TargetSettings;
  readonly linkedNames: LinkedNames;
  readonly sessions: Sessions;
  readonly sentFiles: SentFiles;
  /** Undefined: no two names are one object at the target. */
  readonly #lockedNames: LockedNames | undefined;
  readonly #overlap = new Overlap();
  readonly #sendings = new Sendings();
  readonly #times: DirectoryTimes;

  /**
   * @param onUnsettled a path must be looked at again, and no job is there to be told.
   * @param options what its sessions wait for, and who hears when none can be opened.
   */
  constructor(
    settings: TargetSettings,
    onUnsettled: (path: Unsettled) => void,
    options: SessionsOptions = {},
  ) {
    this.#times = new DirectoryTimes(this, (path) => onUnsettled({ path }));
    const onOther = (path: BytePath): void => onUnsettled({ path, mayBeEqual: true });
    this.linkedNames = new LinkedNames(() => this.options, onOther);
    this.keepsLinks = settings.transfer.hardLinks ?? false;
    this.#lockedNames = this.keepsLinks ? new LockedNames(onOther) : undefined;
    const { root, rootIdentity, filter, deletes, holdsDeletions } = settings;
    this.#settings = settings;
    this.filter = filter;
    this.sessions = new Sessions(settings, options);
    this.sentFiles = new SentFiles(root);
    this.hasRules = excludesAnything(filter);
    const mounts = new MountGuard(root, settings.mounts);
    this.rules = sparingMounts(compileRules(filter), mounts);
    this.options = {
      tree: new LocalTree(root),
      rootIdentity,
      mounts,
      rules: this.rules,
      deletes,
      holdsDeletions,
      carries: (entry) => carries(entry, settings.transfer),
    };
  }

  /** How a file that an rsync put here travels: compared, where times are compared exactly. */
  get arrivalKind(): SessionKind {
    return this.sessions.precision === "nanoseconds" ? "scan" : "small";
  }

  /** True where what this source lacks may be another's. */
  get isShared(): boolean {
    return this.#settings.isShared ?? false;
  }

  /** Judges what a comparison would delete; what is too much holds all deletions back. */
  judge(evidence: GuardEvidence, unguarded: boolean): GuardVerdict {
    const judged = judgeDeletions(evidence, this.#settings.guard);
    const verdict = { ...judged, allowed: judged.allowed || unguarded };
    this.holdDeletions(!verdict.allowed);
    return verdict;
  }

  /** False where new names are not to be made of old ones, which then go. */
  get mayRename(): boolean {
    const { deletes, holdsDeletions } = this.options;
    return deletes && !holdsDeletions && mayRename(this.#settings.transfer);
  }

  /** False when only single files can be renamed, not a directory with all its content. */
  mayLink(rename: Rename): boolean {
    return this.sessions.mayLink(rename);
  }

  /** False once the target has refused it. */
  get mayRenameFiles(): boolean {
    return this.sessions.mayRename;
  }

  /** What goes on at this moment. */
  get activity(): Activity {
    return { ...this.sessions.counts, sending: this.#sendings.files };
  }

  /** True: what is to be deleted is held back from now on. */
  holdDeletions(holdsDeletions: boolean): void {
    this.options = { ...this.options, holdsDeletions };
  }

  /**
   * Carries entries over one session.
   *
   * @throws what ended the session; entries that were not reported by then are undelivered.
   */
  async carry(options: CarryOptions, report: CarrierReport): Promise<void> {
    const carryNow = (each: CarryOptions, told = report): Promise<void> =>
      this.#carryNow(each, told);
    let bytes = 0;
    for (const { size } of options.entries) bytes += size;
    await this.sessions.inTurn(options.kind, bytes, () =>
      this.#spares ? carrySparing(options, report, this, carryNow) : carryNow(options),
    );
  }

  /**
   * Carries entries of which nothing is told, looked at when it is their turn: what is deleted while
   * they wait must not be made anew.
   */
  async carryWhenDue(
    kind: SessionKind,
    look: () => readonly FileEntry[],
    report: CarrierReport,
  ): Promise<void> {
    const reports = (): boolean => false;
    await this.sessions.inTurn(kind, 0, () =>
      this.#carryNow({ kind, entries: look(), reports }, report),
    );
  }

  /** Opens the sessions that wait now, so that what comes first finds one. */
  prepare(kinds: readonly SessionKind[]): void {
    this.sessions.prepare(kinds);
  }

  /** Does what nobody waits for, as setting the times of directories, or only tells of it. */
  async settle(how: "settle" | "remember" = "settle"): Promise<void> {
    const times = how === "settle" ? this.#times.settle() : this.#times.remember();
    await Promise.all([times, this.linkedNames.settle()]);
  }

  /** Closes what waits and gives up what is under way. */
  close(): void {
    this.#times.close();
    this.linkedNames.close();
    this.sessions.close();
  }

  /** True when what is deleted may hold what must stay. */
  get #spares(): boolean {
    return this.hasRules || this.options.mounts.hidesBelow(rootPath);
  }

  /** Sends nothing that a session under way is about to replace, and the other way round. */
  async #carryNow(options: CarryOptions, report: CarrierReport): Promise<void> {
    const { clear, blocked } = this.#overlap.part(options.entries);
    if (blocked.length > 0 && options.isWhole) {
      await Promise.all(blocked.map(({ until }) => until));
      return this.#carryNow({ ...options, entries: stillDue(options, report) }, report);
    }
    for (const { path, until } of blocked) report.again(path, until);
    if (clear.length === 0) return;
    this.#overlap.enter(clear);
    try {
      await this.#push({ ...options, entries: clear }, report);
      this.#lockedNames?.carried(clear);
    } catch (error) {
      if (isBreak(error)) this.#times.doubt(clear);
      throw error;
    } finally {
      const { directories, others } = this.#overlap.leave(clear);
      for (const path of others) report.again(path);
      this.#times.touchSoon(directories);
    }
  }

  async #push(options: CarryOptions, report: CarrierReport): Promise<void> {
    const { entries, reports, onCreated, onLinked, onlyChanges = false } = options;
    const bytes = new Float64Array(entries.length);
    const differed = new Uint8Array(entries.length);
    const settled = new Uint8Array(entries.length);
    const deliver = (entry: FileEntry, index: number): void => {
      if (settled[index] === 1 || !reports(entry.path)) return;
      settled[index] = 1;
      if (onlyChanges && differed[index] === 0) return;
      report.delivered(deliveryOf(entry, bytes[index] as number));
    };
    const { sending, step, sent, end } = this.#sendings.begin();
    const pushed = this.#pushOver(options, {
      acknowledged: deliver,
      sending,
      step,
      sent: (entry, outcome, index) => {
        sent(entry, outcome, index);
        if ("bytes" in outcome) bytes[index] = outcome.bytes;
      },
      item: (entry, { index, flags, name }) => {
        differed[index] = 1;
        if (name !== undefined && (flags & localChange) !== 0) onLinked?.(entry.path);
        if (isDirectory(entry) && (flags & isNew) !== 0) onCreated?.(entry.path);
      },
    });
    const result = await pushed.finally(end);
    for (const [index, entry] of result.entries.entries()) {
      if (settled[index] === 1 || !reports(entry.path)) continue;
      this.#settle(entry, result, index, deliver, report);
    }
  }

  #pushOver({ kind, entries, renamed }: CarryOptions, observer: PushObserver): Promise<Pushed> {
    const { tree } = this.options;
    if (renamed !== undefined) return this.sessions.link(renamed, entries, tree, observer);
    return this.sessions.push(kind, entries, tree, observer);
  }

  /** Reports an entry that the daemon did not acknowledge while the session ran. */
  #settle(
    entry: FileEntry,
    result: Pushed,
    index: number,
    deliver: (entry: FileEntry, index: number) => void,
    report: CarrierReport,
  ): void {
    const status = result.status(index);
    switch (status.kind) {
      case "delivered":
        deliver(entry, index);
        break;
      case "kept":
        if (mayKeep(this.#settings.transfer)) deliver(entry, index);
        else report.failed({ path: entry.path, reason: "the daemon did not acknowledge it" });
        break;
      case "changed":
      case "vanished":
        report.again(entry.path);
        break;
      case "failed":
        report.failed({ path: entry.path, reason: status.reason });
        break;
    }
  }
}

function stillDue(
  { entries, isDue = () => true }: CarryOptions,
  report: CarrierReport,
): readonly FileEntry[] {
  return entries.filter((entry) => {
    const stays = isDue(entry);
    if (!stays) report.again(entry.path);
    return stays;
  });
}

const { isNew, localChange } = itemFlags;
