import { compatFlags } from "../agreement.ts";
import type { StrongChecksum } from "../delta/checksum.ts";
import { openTokens } from "../delta/compression.ts";
import { writeLongint } from "../flist/classic-entry.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { IdNames } from "../flist/id-names.ts";
import { messageTags } from "../mux/frame.ts";
import { displayPath } from "../path.ts";
import { strongOf } from "../pull-job.ts";
import { AttributeSender } from "../roles/attribute-sender.ts";
import type { SendOutcome } from "../roles/file-sender.ts";
import type { ListNumbers } from "../roles/list-window.ts";
import { runSender } from "../roles/sender.ts";
import type { ArgumentSource } from "../source/arguments.ts";
import { Bandwidth } from "../transport/bandwidth.ts";
import { Silence } from "../transport/silence.ts";
import type { Cursor } from "../wire/cursor.ts";
import { writeVarlong } from "../wire/varint.ts";
import { encoded } from "../wire/writer.ts";
import { readClientRules } from "./client-rules.ts";
import type { ClientSession } from "./client-session.ts";
import { ModuleTree } from "./module-tree.ts";
import { PullListing } from "./pull-listing.ts";
import { type SentPull, sendPulled } from "./pull-lists.ts";
import { SessionFailure } from "./refusal.ts";

const ioErrors = { general: 1, vanished: 2 } as const;

/**
 * Serves a client that pulls: we list, and are the sender.
 *
 * @returns rsync's exit code.
 * @throws {SessionFailure} and {RsyncError} for what ends the session early.
 */
export async function servePull(session: ClientSession): Promise<number> {
  const { mayRead, mayWrite, module, options } = session;
  if (!mayRead) throw new SessionFailure(1, "ERROR: module is write only");
  if (options.acknowledges && !mayWrite) {
    throw new SessionFailure(1, "ERROR: --remove-source-files needs a module that may be written");
  }
  const filter = await readClientRules(session);
  const tree = new ModuleTree(module);
  try {
    return await new PullService(session, new PullListing(session, tree, filter)).run();
  } finally {
    tree.close();
  }
}

class PullService {
  readonly #session: ClientSession;
  readonly #listing: PullListing;
  readonly #silence: Silence;
  readonly #bandwidth: Bandwidth;
  #saidVanished = false;
  #vanished = false;
  #failed = false;

  constructor(session: ClientSession, listing: PullListing) {
    this.#session = session;
    this.#listing = listing;
    this.#silence = new Silence(session.line.socket);
    this.#bandwidth = new Bandwidth(session.options.transfer.bandwidthKiB);
  }

  async run(): Promise<number> {
    const startedAt = performance.now();
    const { agreement, output } = this.#session;
    const strong = await strongOf(agreement);
    const sent = await sendPulled({
      session: this.#session,
      listing: this.#listing,
      strong,
      pace: () => this.#pace(),
      attributes: (inlineNames) => this.#attributeSender(inlineNames),
    });
    const listedMs = performance.now() - startedAt;
    this.#tellVanished();
    output.flush();
    // Who gets nothing asks for nothing: no stats, no goodbye (spec 2 §1.5).
    if (!sent.isEmpty) await this.#answer(sent, strong, listedMs);
    return this.#exitCode;
  }

  get #exitCode(): number {
    const { problems } = this.#listing;
    if (this.#failed || problems.missing + problems.unreadable > 0) return 23;
    return this.#vanished || problems.vanished > 0 ? 24 : 0;
  }

  async #answer(
    { entries, feed, numbers, attributes }: SentPull,
    strong: StrongChecksum,
    listedMs: number,
  ): Promise<void> {
    const { agreement, options, output } = this.#session;
    const { transfer } = options;
    const { source } = this.#listing;
    if (options.acknowledges) this.#removeAcknowledged(numbers, source);
    await runSender(
      { read: (decode) => this.#read(decode), output, pace: () => this.#pace() },
      {
        entries,
        feed,
        source,
        strong,
        protocol: agreement.protocol,
        tokens: openTokens(agreement.compression, output, transfer.compressLevel),
        dryRun: transfer.dryRun ?? false,
        inplace: transfer.inplace ?? false,
        append: transfer.append && agreement.protocol < 30 ? "verify" : transfer.append,
        attributes,
        completesPartial: (agreement.compat & compatFlags.inplacePartialDir) !== 0,
        onSent: (index, outcome) => this.#sent(numbers.entry(index) as FileEntry, outcome),
        onSentAll: () => {
          this.#tellVanished();
          this.#tellStats(listedMs);
        },
      },
    );
  }

  /** Whoever deletes what is not listed may do so: it was there just now. */
  #tellVanished(): void {
    if (this.#listing.problems.vanished === 0 || this.#saidVanished) return;
    this.#saidVanished = true;
    this.#ioError(ioErrors.vanished);
  }

  /** Undefined where neither access lists nor extended attributes are asked for. */
  #attributeSender(inlineNames: IdNames | undefined): AttributeSender | undefined {
    const { agreement, options } = this.#session;
    const { protocol, compat } = agreement;
    const { transfer } = options;
    if (!transfer.acls && !transfer.xattrs) return undefined;
    return new AttributeSender({
      source: this.#listing.source,
      transfer,
      protocol,
      compat,
      inlineNames,
      onUnreadable: ({ path }, { message }) => {
        this.#failed = true;
        this.#session.tell(
          "error",
          `cannot read the attributes of "${displayPath(path)}": ${message}`,
        );
      },
    });
  }

  #sent(entry: FileEntry, outcome: SendOutcome): void {
    const shown = displayPath(entry.path);
    if (outcome.kind === "sent" || outcome.kind === "changed") {
      this.#session.tellTransfer("send", entry.path, outcome.bytes);
    } else if (outcome.kind === "vanished") {
      this.#vanished = true;
      this.#session.tell("warning", `file has vanished: "${shown}"`);
      this.#ioError(ioErrors.vanished);
    } else {
      this.#failed = true;
      this.#session.tell("error", `cannot read "${shown}": ${outcome.cause.message}`);
    }
  }

  /** The client says which files it has in place: they are removed here. */
  #removeAcknowledged(numbers: ListNumbers, source: ArgumentSource): void {
    this.#session.handlers.onSuccess = (index) => {
      const entry = numbers.entry(index);
      if (entry === undefined) throw new SessionFailure(2, `there is no entry ${index}`);
      try {
        if (source.remove(entry)) {
          this.#session.tellTransfer("delete", entry.path, 0);
          return;
        }
        this.#session.tell("error", `"${displayPath(entry.path)}" has changed, and stays`);
      } catch (error) {
        const { message } = error as Error;
        this.#session.tell("error", `cannot remove "${displayPath(entry.path)}": ${message}`);
      }
      this.#failed = true;
    };
  }

  #ioError(bits: number): void {
    const { agreement, output } = this.#session;
    if (agreement.protocol < 30) return;
    output.message(
      messageTags.ioError,
      encoded((to) => to.int32(bits)),
    );
  }

  /** Bytes read and written, the size of all files, and how long it took (spec 2 §1.6). */
  #tellStats(listedMs: number): void {
    const { agreement, line, output, totalBytes } = this.#session;
    const { protocol } = agreement;
    const numbers = [line.socket.bytesRead, output.bytesSent, totalBytes, Math.ceil(listedMs), 0];
    for (const number of protocol < 29 ? numbers.slice(0, 3) : numbers) {
      if (protocol >= 30) writeVarlong(output, number, 3);
      else writeLongint(output, number);
    }
  }

  #read<T>(decode: (from: Cursor) => T): T | Promise<T> {
    return this.#session.line.source.tryRead(decode) ?? this.#wait(decode);
  }

  async #wait<T>(decode: (from: Cursor) => T): Promise<T> {
    const { line, output, agreement } = this.#session;
    for (;;) {
      if (agreement.protocol >= 30) this.#silence.answer(output);
      else output.flush();
      await line.source.more();
      const here = line.source.tryRead(decode);
      if (here !== undefined) return here;
    }
  }

  async #pace(): Promise<void> {
    const { line, output } = this.#session;
    output.flush();
    if (line.sink.congested) await line.sink.drained();
    else await new Promise(setImmediate);
    await this.#bandwidth.wait(output.bytesSent, () => line.source.failure !== undefined);
    if (line.source.failure !== undefined) throw line.source.failure;
  }
}
