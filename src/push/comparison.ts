import { type BytePath, type FileEntry, isDirectory, rootPath } from "../../protocol/index.ts";
import { compileRules, type Rules } from "../filter/rules.ts";
import { type BatchOptions, SourceGone, TreeView } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import type { CarrierReport, CarryOptions } from "./carry.ts";
import { carryIsolating } from "./isolation.ts";
import type { SessionKind } from "./kinds.ts";
import type { ReconcileScope } from "./message.ts";
import { sparingMounts } from "./mount-guard.ts";
import type { SentFiles } from "./sent-files.ts";
import { deletable, Survey } from "./survey.ts";
import { chunksOf } from "./tree.ts";

/** Sessions of one tree that run at the same time. */
const sessionsPerTree = 3;

/** Told while a tree is compared: so much is through so far. */
export type TreeProgress = (entries: number, bytes: number) => void;

/** How a comparison after a rename differs from any other. */
export interface ComparisonOptions {
  /** Carries a group of entries; default as the carrier does. */
  readonly carry?: (options: CarryOptions, report: CarrierReport) => Promise<void>;
  /** Directories that are known not to have existed at the target. */
  readonly created?: Iterable<BytePath>;
  /** Of the sessions that send; default "scan". */
  readonly kind?: SessionKind;
  /** Bytes of content that are good for one session. */
  readonly mostBytes?: number;
  /** What of them has arrived is compared, whatever {@link kind} says; default nothing. */
  readonly sentFiles?: SentFiles | undefined;
}

/**
 * Brings everything at and below some paths into the target's state: what differs by size or time
 * is sent; what the target has and the source has not is reported as to be looked at again, so that
 * whether it is deleted is decided by what is here at that later moment.
 *
 * One that broke off can be run again: it goes on with the chunks that were not through.
 */
export class Comparison {
  readonly carrier: Carrier;
  readonly #starts: readonly BytePath[];
  readonly #scope: ReconcileScope;
  readonly #rules: Rules;
  readonly #chunks: Generator<FileEntry[]>;
  /** Listed, and not through when a session broke off. */
  readonly #undone: FileEntry[][] = [];
  readonly #created: Set<BytePath>;
  readonly #unlisted = new Set<BytePath>();
  /** Why the root cannot be listed. */
  #blindness: string | undefined;
  readonly #carry: NonNullable<ComparisonOptions["carry"]>;
  readonly #kind: SessionKind;
  readonly #sentFiles: SentFiles | undefined;
  #surveys: readonly Survey[] | undefined;
  #report: CarrierReport | undefined;
  #entries = 0;
  readonly #through = { entries: 0, bytes: 0 };

  /** `starts`: none lies below another. */
  constructor(
    starts: readonly BytePath[],
    carrier: Carrier,
    scope: ReconcileScope,
    options: ComparisonOptions = {},
  ) {
    const { excludes = [] } = scope;
    const { carry = (...carried) => carryIsolating(...carried, carrier) } = options;
    const { created, mostBytes } = options;
    this.#carry = carry;
    this.#kind = options.kind ?? "scan";
    this.#sentFiles = options.sentFiles;
    this.#created = new Set(created);
    this.carrier = carrier;
    this.#starts = starts;
    this.#scope = carrier.isShared ? { ...scope, deletes: false } : scope;
    this.#rules = excludes.length === 0 ? carrier.rules : rulesWith(carrier, excludes);
    const onError = (path: BytePath, { message }: Error): void => {
      this.#unlisted.add(path);
      // The root is compared by schedule, not as a path among others.
      if (path === rootPath) this.#blindness = message;
      else this.#report?.failed({ path, whole: true, reason: `cannot list it: ${message}` });
    };
    this.#chunks = chunksOf(starts, this.#options, onError, mostBytes);
  }

  /** False when what it could not see must be looked for anew. */
  get canResume(): boolean {
    return this.#blindness === undefined;
  }

  /** @throws what ended a session; SourceGone, also when nobody can tell what is in the root. */
  async run(report: CarrierReport, progress: TreeProgress = () => {}): Promise<void> {
    this.#report = report;
    await this.#push(report, progress);
    if (this.#blindness !== undefined) {
      const { root } = this.carrier.options.tree;
      throw new SourceGone(`Cannot list ${root}: ${this.#blindness}; nothing of it is compared`);
    }
    if (this.#looksForExtraneous()) await this.#findExtraneous(report);
    for (const path of this.#starts) {
      this.#sentFiles?.forget(path);
      if (this.#unlisted.has(path)) continue;
      const kind = this.#created.has(path) ? "directory" : "nothing";
      report.delivered({ path, kind, bytes: 0 });
    }
  }

  get #options(): BatchOptions {
    return { ...this.carrier.options, rules: this.#rules };
  }

  get #isWholeTree(): boolean {
    return this.#starts[0] === rootPath;
  }

  /** Also when nothing is to be deleted but the guard wants to know whether the tree is back. */
  #looksForExtraneous(): boolean {
    const { deletes, holdsDeletions } = this.carrier.options;
    return deletes && (this.#scope.deletes || (this.#isWholeTree && holdsDeletions));
  }

  /** Sends what differs. */
  async #push(report: CarrierReport, progress: TreeProgress): Promise<void> {
    const running = new Set<Promise<void>>();
    try {
      for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
        const { length } = chunk;
        const bytes = chunk.reduce((sum, { size }) => sum + size, 0);
        const push = this.#pushChunk(chunk, report).then(() => {
          this.#through.entries += length;
          this.#through.bytes += bytes;
          progress(this.#through.entries, this.#through.bytes);
        });
        running.add(push);
        push.finally(() => running.delete(push)).catch(() => {});
        if (running.size >= sessionsPerTree) await Promise.race(running);
      }
      await Promise.all(running);
    } finally {
      await Promise.allSettled(running);
    }
  }

  #next(): FileEntry[] | undefined {
    const undone = this.#undone.pop();
    if (undone !== undefined) return undone.flatMap((entry) => this.#lookAgain(entry));
    const next = this.#chunks.next();
    if (next.done) return undefined;
    this.#entries += next.value.length;
    return next.value;
  }

  /** What was listed before an outage may be something else by now. */
  #lookAgain({ path, hasContent }: FileEntry): FileEntry[] {
    try {
      const entry = this.carrier.options.tree.lstat(path);
      if (entry === undefined) return [];
      return [hasContent === undefined ? entry : { ...entry, hasContent }];
    } catch (error) {
      this.#report?.failed({ path, reason: `cannot look at it: ${(error as Error).message}` });
      return [];
    }
  }

  async #pushChunk(chunk: FileEntry[], report: CarrierReport): Promise<void> {
    try {
      if (this.carrier.keepsLinks) this.carrier.linkedNames.learn(chunk);
      const told = this.#isWholeTree ? report : this.#noting(chunk, report);
      const files = this.#sentFiles;
      if (files === undefined) await this.#carry(this.#optionsFor(chunk, report), told);
      else await this.#carryRest(chunk, told, files);
    } catch (error) {
      this.#undone.push(chunk);
      throw error;
    }
  }

  /** What has arrived before a session broke off is only compared. */
  async #carryRest(chunk: FileEntry[], report: CarrierReport, files: SentFiles): Promise<void> {
    const isThere = new Set(chunk.filter((entry) => files.has(entry)));
    const rest = chunk.filter((entry) => !isThere.has(entry));
    files.begin(rest);
    const told = withDelivered(report, (delivery) => {
      files.arrived(delivery.path);
      report.delivered(delivery);
    });
    if (rest.length > 0) await this.#carry(this.#optionsFor(rest, report), told);
    if (isThere.size === 0) return;
    await this.#carry({ ...this.#optionsFor([...isThere], report), kind: "scan" }, report);
  }

  #optionsFor(chunk: readonly FileEntry[], report: CarrierReport): CarryOptions {
    // A chunk lists directories without looking into them: others carry their content.
    const flat = chunk.map((entry) =>
      isDirectory(entry) ? { ...entry, hasContent: false } : entry,
    );
    let sound = chunk.length;
    const entries = new TreeView(this.#options).withParents(flat, (path) => {
      sound -= 1;
      report.again(path);
    });
    const above = new Set(entries.slice(sound).map(({ path }) => path));
    const own = new Set(this.#starts); // delivered when everything below all of them is
    return {
      kind: this.#kind,
      entries,
      reports: (path) => !above.has(path) && !own.has(path),
      onlyChanges: true,
      onCreated: (path) => this.#created.add(path),
    };
  }

  /** What differs below some directories may have other names elsewhere, which differ too. */
  #noting(chunk: readonly FileEntry[], report: CarrierReport): CarrierReport {
    const linked = new Map<BytePath, FileEntry>();
    for (const entry of chunk) if ((entry.linkCount ?? 1) > 1) linked.set(entry.path, entry);
    if (linked.size === 0) return report;
    const delivered: CarrierReport["delivered"] = (delivery) => {
      const entry = linked.get(delivery.path);
      if (entry !== undefined) this.carrier.linkedNames.note([entry]);
      report.delivered(delivery);
    };
    return withDelivered(report, delivered);
  }

  async #findExtraneous(report: CarrierReport): Promise<void> {
    this.#surveys ??= this.#starts
      .filter((start) => !this.#created.has(start))
      .map((start) => new Survey(start, this.#created, this.#options));
    for (const survey of this.#surveys) await survey.run(this.carrier.sessions);
    new TreeView(this.carrier.options).checkRoot();
    const found = this.#surveys.flatMap((survey) => survey.found);
    if (this.#isWholeTree) {
      const { unguarded = false } = this.#scope;
      const evidence = { extraneous: found.length, listed: this.#entries };
      const verdict = this.carrier.judge(evidence, unguarded);
      report.judged?.(verdict);
      if (!verdict.allowed) return;
    }
    if (!this.#scope.deletes) return;
    for (const path of deletable(found, this.#rules)) report.again(path);
  }
}

/** A report may be an object with state of its own. */
function withDelivered(
  report: CarrierReport,
  delivered: CarrierReport["delivered"],
): CarrierReport {
  return {
    delivered,
    failed: (failure) => report.failed(failure),
    again: (...again) => report.again(...again),
    held: (path) => report.held(path),
  };
}

function rulesWith({ filter, options }: Carrier, excludes: readonly string[]): Rules {
  return sparingMounts(compileRules(filter, excludes), options.mounts);
}
