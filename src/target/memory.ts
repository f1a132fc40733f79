import { rootPath } from "../../protocol/index.ts";
import { pathPushCommand } from "../config/equivalent.ts";
import type { Config, Remote, Source } from "../config/schema.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { Journal } from "../journal/journal.ts";
import type { OldFailure } from "../journal/old-script.ts";
import type { PendingPath } from "../pending/pending.ts";
import type { TargetRecord } from "../state/record.ts";
import { Regularly } from "../state/regularly.ts";
import { StateStore } from "../state/store.ts";
import { holdsNames, isSameDirectory } from "../watch/directory.ts";
import type { Identity } from "../watch/watcher.ts";
import type { Target } from "./target.ts";

/** How often what has changed is written, in ms. */
const saveMs = 2_000;

export interface MemoryOptions {
  readonly config: Config;
  /** Undefined: nothing survives a restart. */
  readonly stateDirectory: string | undefined;
  readonly tell: (warning: string) => void;
}

/** One target, as it is remembered. */
export interface Remembered {
  readonly source: Source;
  readonly remote: Remote;
  readonly name: string;
  readonly target: Target;
  /** The directory that is mirrored now. */
  readonly identity: () => Identity | undefined;
}

/** What must survive a restart, and what people must be able to read: state and failLog. */
export class Memory {
  readonly #config: Config;
  readonly #store: StateStore | undefined;
  readonly #journal: Journal;
  readonly #tell: (warning: string) => void;
  readonly #remembered: Remembered[] = [];
  /** As they were read. */
  readonly #found: TargetRecord[] = [];
  #saving: Regularly | undefined;
  /** What {@link mark}, {@link unmark} and {@link begin} write: never two writers at a time. */
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor({ config, stateDirectory, tell }: MemoryOptions) {
    this.#config = config;
    this.#tell = tell;
    this.#store = stateDirectory === undefined ? undefined : new StateStore(stateDirectory, tell);
    this.#journal = new Journal(config.failLog.path, () => this.#entries(), tell);
  }

  /** What was known of a target when its last process ended; undefined when nothing was. */
  recall({ watch }: Source, name: string): TargetRecord | undefined {
    const record = this.#store?.read(watch, name);
    if (record === undefined) return undefined;
    this.#found.push(record);
    const paths = record.paths.map((path) => ({
      ...path,
      since: path.since - performance.timeOrigin,
    }));
    return { ...record, paths };
  }

  /** What sersync 2.5 had left to do, if it was here before; asks once. */
  inherit(): readonly OldFailure[] {
    const { failures, message } = this.#journal.inherit();
    if (message !== undefined) this.#tell(message);
    return failures;
  }

  keep(remembered: Remembered): void {
    const { source, name, target } = remembered;
    this.#remembered.push(remembered);
    this.#store?.keep({
      root: source.watch,
      target: name,
      revision: () => target.revision,
      record: () => this.#record(remembered),
    });
  }

  /** What was recalled is marked as in use: from now on an end without {@link close} shows. */
  async mark(): Promise<void> {
    await this.#inTurn(async () => {
      for (const record of this.#found) await this.#store?.write({ ...record, clean: false });
    });
  }

  /** The start has failed: what was recalled stands as it was. */
  async unmark(): Promise<void> {
    await this.#inTurn(async () => {
      for (const record of this.#found) await this.#store?.write(record);
    });
  }

  /** Writes what changes, from now on; nothing when it is closed already. */
  async begin(): Promise<void> {
    await this.#inTurn(async () => {
      this.#found.length = 0;
      this.#store?.claim();
      this.#journal.open();
      await this.#save();
      this.#saving = new Regularly(() => this.#save(), saveMs);
    });
  }

  /** Writes everything for the last time, as of an end in order; the start may be under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#saving?.close();
    await this.#journal.write();
    await this.#store?.close();
    this.#journal.close();
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(() => (this.#isClosed ? undefined : task()));
    return this.#writing;
  }

  async #save(): Promise<void> {
    await this.#store?.save();
    await this.#journal.write();
  }

  #record({ source, name, target, identity }: Remembered): TargetRecord {
    const { paths, owed, halted } = target.backlog;
    return {
      root: source.watch,
      target: name,
      identity: identity(),
      clean: this.#isClosed,
      reconciledAt: target.reconciledAt,
      owed,
      halted,
      paths: paths.map(sinceEpoch),
    };
  }

  *#entries(): Generator<JournalEntry> {
    for (const { source, remote, name, target } of this.#remembered) {
      for (const { path, whole, since, attempts, reason = "" } of target.hopeless()) {
        const command = pathPushCommand(this.#config, source, remote, path);
        const time = since + performance.timeOrigin;
        yield { path, whole, target: name, since: time, attempts, reason, command };
      }
    }
  }
}

function sinceEpoch(path: PendingPath): PendingPath {
  return { ...path, since: path.since + performance.timeOrigin };
}

/** Why nothing may be deleted on the strength of what was pending; undefined: it may. */
export function doubtOf(
  { root, paths, identity, halted, owed }: Omit<TargetRecord, "target" | "clean" | "reconciledAt">,
  now: Identity | undefined,
): string | undefined {
  if (halted !== undefined) return halted;
  if ((paths.length === 0 && !owed?.deletes) || now === undefined) return undefined;
  if (!isSameDirectory(now, identity)) {
    return "another directory is at the source's place than when the program ended";
  }
  if (paths.length === 0 || holdsNames(root, rootPath, 1)) return undefined;
  return "the watched directory is empty, and was not when the program ended";
}
