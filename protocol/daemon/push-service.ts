import { compatFlags, isIncremental } from "../agreement.ts";
import type { StrongChecksum } from "../delta/checksum.ts";
import { openTokenReader } from "../delta/token-reader.ts";
import { madeText } from "../destination/landing.ts";
import { OwnerMap } from "../destination/owners.ts";
import { missingPlaces, openPlaces, type Places } from "../destination/places.ts";
import { parseChmod } from "../flist/chmod.ts";
import { nameToWire } from "../flist/conversion.ts";
import { convertedNumbering } from "../flist/converted-list.ts";
import type { FileEntry } from "../flist/entry.ts";
import { FilterRules } from "../flist/filter.ts";
import { listFormat } from "../flist/format.ts";
import { ListReader, type ReadValue } from "../flist/list-reader.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import { pruneEmptyDirectories } from "../flist/prune.ts";
import { messageTags } from "../mux/frame.ts";
import type { TransferOptions } from "../options.ts";
import { type BytePath, displayPath } from "../path.ts";
import { compressionOf, expectParents, receivingJob, strongOf } from "../pull-job.ts";
import { PullResult } from "../pull-report.ts";
import { IncomingLists } from "../roles/incoming-lists.ts";
import { ListIntake } from "../roles/list-intake.ts";
import { Pace } from "../roles/pace.ts";
import { Meeting, type ReceiveOutcome } from "../roles/receiving.ts";
import { receivingRules } from "../roles/receiving-options.ts";
import { runReception } from "../roles/reception.ts";
import { encoded } from "../wire/writer.ts";
import { readClientRules } from "./client-rules.ts";
import type { ClientSession } from "./client-session.ts";
import { hiddenBelow } from "./hidden.ts";
import { openModuleArea } from "./module-area.ts";
import { ModuleTree, pathInModule } from "./module-tree.ts";
import { type IncomingChanges, incomingChanges } from "./push-entries.ts";
import { landPush, type PushLanding } from "./push-landing.ts";
import { refuseHiddenPlaces, wantedTransfer } from "./push-options.ts";
import { SessionFailure } from "./refusal.ts";
import { expandWildcards } from "./wildcards.ts";

/**
 * Serves a client that pushes: we are generator and receiver.
 *
 * @returns rsync's exit code.
 * @throws {SessionFailure} and {RsyncError} for what ends the session early.
 */
export async function servePush(session: ClientSession): Promise<number> {
  const { options, mayWrite } = session;
  if (!mayWrite) throw new SessionFailure(1, "ERROR: module is read only");
  if (options.paths.length !== 1) {
    throw new SessionFailure(1, `ERROR: ${options.paths.length} destinations, there must be one`);
  }
  const service = new PushService(session, wantedTransfer(session));
  return service.run();
}

/** Reading an entry counts for so much in a step. */
const bytesPerListed = 256;

/** What is received, and how. */
interface Reception {
  readonly intake: ListIntake;
  readonly isHidden: PatternMatch;
  readonly transfer: TransferOptions;
  readonly filter: FilterRules;
  readonly strong: StrongChecksum;
}

class PushService {
  readonly #session: ClientSession;
  readonly #meeting = new Meeting();
  readonly #owners: OwnerMap;
  readonly #result: PullResult;
  readonly #transfer: TransferOptions;
  #lists = new IncomingLists();

  constructor(session: ClientSession, transfer: TransferOptions) {
    this.#session = session;
    this.#transfer = transfer;
    this.#owners = new OwnerMap(transfer);
    this.#result = new PullResult({
      text: ({ severity, text }) => session.tell(severity, text),
      deleted: (path, wasDirectory) => this.#deleted(path, wasDirectory),
    });
    session.handlers = {
      onIoError: (bits) => this.#result.sawIoError(bits),
      onNoSend: (index) => this.#notSent(index),
      onEnd: (reason) => this.#meeting.fail(reason),
    };
  }

  async run(): Promise<number> {
    const { agreement, module } = this.#session;
    const strong = await strongOf(agreement);
    const { delete: deletes, deleteExcluded, pruneEmptyDirs } = this.#transfer;
    const isAsked = deletes && !(deleteExcluded && agreement.protocol < 29);
    const filter =
      isAsked || pruneEmptyDirs ? await readClientRules(this.#session) : new FilterRules();
    const intake = this.#openIntake(strong);
    const read = this.#reader();
    const first = await intake.readFirst(read);
    if (!isIncremental(agreement)) expectParents(first.slots, this.#transfer);
    const slots = pruneEmptyDirs
      ? pruneEmptyDirectories(
          first.slots,
          filter.protecting(() => undefined, false),
        )
      : first.slots;
    const tree = new ModuleTree(module);
    try {
      const landing = landPush(tree, await this.#destination(tree), slots, this.#transfer);
      this.#tellMade(landing);
      const { isHidden, changes, transfer } = this.#changes(landing);
      intake.begin(first, await changes(landing.slots), changes);
      const rules = receivingRules(filter, this.#transfer);
      await this.#receive(tree, landing, { intake, isHidden, transfer, filter: rules, strong });
    } finally {
      tree.close();
    }
    return this.#result.exitCode;
  }

  /** A wildcard stands for a name that is there; of several the first is meant. */
  async #destination(tree: ModuleTree): Promise<string> {
    const { options, module } = this.#session;
    const path = pathInModule(options.paths[0] as string, module.name);
    const found = await expandWildcards(tree, path, () => new Promise(setImmediate));
    return found.sort()[0] as string;
  }

  #openIntake(strong: StrongChecksum): ListIntake {
    const { agreement, memory, options } = this.#session;
    const format = listFormat(agreement, this.#transfer, {
      digestLength: this.#transfer.checksum ? strong.length : 0,
      deletions: options.deletesMissing,
    });
    const reader = new ListReader(format, {
      spend: (bytes) => memory.spend(bytes),
      names: this.#owners.names,
      numbering: convertedNumbering({
        iconv: this.#transfer.iconv,
        convertsTargets: (agreement.compat & compatFlags.symlinkIconv) !== 0,
        onLeftOut: (name) => this.#result.leaveOut(name),
      }),
      pace: () => new Promise(setImmediate),
    });
    return new ListIntake({
      reader,
      isIncremental: isIncremental(agreement),
      onIoError: (bits) => this.#result.sawIoError(bits),
      onListed: (entries, isLast) => {
        this.#result.listed(entries, isLast);
        this.#session.totalBytes = this.#result.totals.totalBytes;
      },
      onForgotten: (bytes) => memory.spend(-bytes),
    });
  }

  /** Lets others work while a list is read. */
  #reader(): ReadValue {
    const { line } = this.#session;
    const step = new Pace(() => new Promise(setImmediate));
    return (decode) => {
      step.spend(bytesPerListed);
      if (step.isDue) return step.take().then(() => line.read(decode));
      return line.source.tryRead(decode) ?? line.read(decode);
    };
  }

  /** What the module does to entries before they are placed. */
  #changes({ directory }: PushLanding): IncomingChanges & { readonly isHidden: PatternMatch } {
    const { module } = this.#session;
    const isHidden = hiddenBelow(module.filter, directory);
    const changes = incomingChanges({
      session: this.#session,
      transfer: this.#transfer,
      isHidden,
      onRefused: (path) => this.#refused(path),
      changeMode: module.incomingChmod
        ? parseChmod(module.incomingChmod, process.umask())
        : undefined,
    });
    return { ...changes, isHidden };
  }

  async #receive(
    inside: ModuleTree,
    { directory, tree, made }: PushLanding,
    { intake, isHidden, transfer, filter, strong }: Reception,
  ): Promise<void> {
    const { agreement, line, output, options } = this.#session;
    const { tellsAll, verbosity } = options;
    this.#lists = intake.lists;
    refuseHiddenPlaces(inside, directory, transfer);
    const places = openPlaces(tree, "", transfer, (named, { makes = false }) =>
      openModuleArea(inside, named, directory, makes),
    );
    this.#lookAt(places);
    const job = receivingJob(
      { transfer, filter, tellsAll, tellsUnsafe: verbosity > 0 },
      this.#result,
      {
        intake,
        tree,
        places,
        completesPartial: (agreement.compat & compatFlags.inplacePartialDir) !== 0,
        owners: this.#owners,
        protocol: agreement.protocol,
        strong,
        isHidden,
        hasMadeRoot: made === 1 && !transfer.makePath,
        onReceived: (index, outcome) => this.#received(index, outcome),
        onInPlace: (index) => this.#acknowledge(index),
      },
    );
    const tellsDeleted = Boolean(transfer.delete || transfer.force);
    try {
      await runReception(
        { socket: line.socket, source: line.source, sink: line.sink, output },
        {
          ...job,
          hearsStats: false,
          deleteStats: tellsDeleted ? () => job.deleter.deletedOfKind : undefined,
        },
        this.#meeting,
        openTokenReader(compressionOf(agreement, transfer)),
      );
    } finally {
      places.close();
      tree.close();
    }
  }

  /** @throws {SessionFailure} before anything is deleted for files that cannot be made. */
  #lookAt(places: Places): void {
    const { failure, warnings } = missingPlaces(places, this.#transfer);
    if (failure !== undefined && !this.#transfer.dryRun) throw new SessionFailure(1, failure);
    for (const warning of warnings) this.#session.tell("warning", warning);
  }

  #tellMade({ made, directory }: PushLanding): void {
    if (made === 0 || !this.#session.options.tellsNames) return;
    const place = `/${displayPath(directory)}`;
    this.#session.tell("info", madeText(made, place, this.#transfer));
  }

  /** In rsync's words, which scripts look for. */
  #refused(path: BytePath): void {
    this.#result.sawFailure();
    this.#session.tell("error", `ERROR: daemon refused to receive file "${displayPath(path)}"`);
  }

  #received(index: number, outcome: ReceiveOutcome): void {
    const entry = this.#lists.entry(index) as FileEntry;
    this.#result.received(entry, outcome, this.#lists.place(index));
    if (outcome.kind !== "received") return;
    this.#session.tellTransfer("receive", entry.path, entry.size);
    this.#acknowledge(index);
  }

  /** Whoever sends with `--remove-source-files` hears of each entry that is in place. */
  #acknowledge(index: number): void {
    const { options, output } = this.#session;
    if (!options.acknowledges) return;
    output.message(
      messageTags.success,
      encoded((to) => to.int32(index)),
    );
  }

  /** A directory's name ends with a NUL (spec 1 §4.3). Wire: protocol 29 and later. */
  #deleted(path: BytePath, wasDirectory: boolean): void {
    const { agreement, output } = this.#session;
    this.#session.tellTransfer("delete", path, 0);
    if (agreement.protocol < 29) {
      this.#tellDeleted(path, wasDirectory);
      return;
    }
    const name = nameToWire(path, this.#transfer);
    output.message(messageTags.deleted, Buffer.from(wasDirectory ? `${name}\0` : name, "latin1"));
  }

  /** There is no message for it: a text says it. */
  #tellDeleted(path: BytePath, wasDirectory: boolean): void {
    const { itemizes, verbosity } = this.#session.options;
    if (!itemizes && verbosity === 0) return;
    const name = wasDirectory ? `${displayPath(path)}/` : displayPath(path);
    this.#session.tell("info", `${itemizes ? "*deleting  " : "deleting"} ${name}`);
  }

  /** The client has told its user why. */
  #notSent(index: number): void {
    if (!this.#meeting.requested.delete(index)) return;
    const entry = this.#lists.entry(index) as FileEntry;
    this.#result.received(entry, { kind: "not sent" }, this.#lists.place(index));
    this.#meeting.settle(index, false);
  }
}
