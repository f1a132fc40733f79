import type { Agreement } from "./agreement.ts";
import { RsyncError } from "./errors.ts";
import { remoteFailure } from "./failure.ts";
import { writeFilterList } from "./flist/delete-rules.ts";
import { FilterRules } from "./flist/filter.ts";
import { listFormat } from "./flist/format.ts";
import { type ListLimits, type ReceivedList, readFileList } from "./flist/list-reader.ts";
import { listArguments } from "./handshake/argv.ts";
import { filesFromWords } from "./handshake/files-from.ts";
import type { HandshakeRequest } from "./handshake/handshake.ts";
import { checksums } from "./knowledge.ts";
import { messageTags } from "./mux/frame.ts";
import { Mux, type Output } from "./mux/mux.ts";
import { RawOutput } from "./mux/raw.ts";
import { type Opening, openWith } from "./opening.ts";
import type { TransferOptions } from "./options.ts";
import { readableText } from "./path.ts";
import { type ListExpectation, listExpectation } from "./pull-expectation.ts";
import { type PullJob, sourceArgument } from "./pull-job.ts";
import { sendNames } from "./pull-request.ts";
import { openDialect } from "./roles/dialect.ts";
import type { Target } from "./target.ts";
import type { Connection } from "./transport/connection.ts";
import { limitSilence } from "./transport/patience.ts";
import { Sink } from "./transport/sink.ts";
import { Source } from "./transport/source.ts";
import { indexDone } from "./wire/file-index.ts";

/** What is listed besides the one place, and how it is asked for: as in a pull. */
export type ListedParts = Pick<
  PullJob,
  | "moreSources"
  | "filesFrom"
  | "wildcards"
  | "filter"
  | "senderOptions"
  | "trustsSender"
  | "trustsArguments"
>;

export interface ListFilesOptions extends ListLimits, ListedParts {
  /** Everything below, not only what is directly there. Default false. */
  readonly recursive?: boolean;
  /** `-R`: names are whole paths. Default: with `filesFrom`. */
  readonly relative?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Limit of silence, default 30,000 ms. */
  readonly timeoutMs?: number;
  readonly onMotd?: (line: string) => void;
}

/** What lies at a place of a module, and what the daemon complained about. */
export interface FileListing extends ReceivedList {
  readonly errors: readonly string[];
}

/** Texts and bytes beyond these are a flood. */
const mostErrors = 1_000;
const mostClosingBytes = 64 * 1024;

/**
 * Lists a directory of a module, or one file, and what is in it, without its content.
 *
 * @throws {RsyncError} why the daemon cannot be asked, or what it sent that no daemon sends.
 */
export async function listDirectory(
  target: Target,
  options: ListFilesOptions = {},
): Promise<FileListing> {
  const { signal, timeoutMs = 30_000 } = options;
  const opening = await openWith(target, requestOf(target, options), { timeoutMs, signal });
  const socket = opening.connection;
  const expect = listExpectation({ ...options, target, transfer: transferOf(options) });
  const lister = new Lister(opening, options, expect);
  const abort = (): void => lister.fail("ABORTED", "aborted");
  signal?.addEventListener("abort", abort);
  limitSilence(socket, timeoutMs, () => lister.fail("TIMED_OUT", `silent for ${timeoutMs} ms`));
  try {
    return await lister.list();
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** The receiving side of one session, as far as the file list. */
class Lister {
  readonly #socket: Connection;
  readonly #source: Source;
  readonly #opening: Opening;
  readonly #options: ListFilesOptions;
  readonly #expect: ListExpectation | undefined;
  readonly #errors: string[] = [];

  constructor(opening: Opening, options: ListFilesOptions, expect: ListExpectation | undefined) {
    const socket = opening.connection;
    this.#socket = socket;
    this.#opening = opening;
    this.#options = options;
    this.#expect = expect;
    if ("onComplaint" in socket) socket.onComplaint = (line) => void this.#errors.push(line);
    this.#source = new Source(socket, {
      onMessage: (tag, payload) => this.#receive(tag, payload),
    });
  }

  fail(code: "ABORTED" | "TIMED_OUT", found: string): void {
    this.#source.fail(new RsyncError(code, `Cannot list the files: ${found}`));
  }

  async list(): Promise<FileListing> {
    const agreement = await this.#setUp();
    const sink = new Sink(this.#socket);
    const output = agreement.protocol < 30 ? new RawOutput(sink) : new Mux(sink);
    this.#source.demultiplex();
    const { filter = new FilterRules() } = this.#options;
    writeFilterList(output, filter.toSender(agreement.protocol));
    output.flush();
    sendNames(this.#options, output, sink, agreement);
    const { relative = false } = transferOf(this.#options);
    const format = listFormat(agreement, { links: true, recursive: true, relative });
    const list = await this.#explaining(
      readFileList(
        (decode) => this.#source.tryRead(decode) ?? this.#source.read(decode),
        { ...format, idNames: undefined },
        this.#options,
      ),
    );
    this.#expect?.(list.entries);
    if (list.entries.length > 0) await this.#sayGoodbye(output, agreement);
    return { ...list, errors: this.#errors };
  }

  async #setUp(): Promise<Agreement> {
    const { agreement } = await this.#opening.agree({
      read: this.#source.read.bind(this.#source),
      tryRead: this.#source.tryRead.bind(this.#source),
      more: () => this.#source.more(),
      write: (bytes: Uint8Array | string) => void this.#socket.write(bytes),
    });
    return agreement;
  }

  /** Asks for nothing, in all phases, and hears the daemon out: it logs an error otherwise. */
  async #sayGoodbye(output: Output, { protocol }: Agreement): Promise<void> {
    const dialect = openDialect(protocol, 0);
    const times = dialect.lastPhase + (dialect.repeatsGoodbye ? 3 : 2);
    for (let said = 0; said < times; said += 1) dialect.writeIndex(output, indexDone);
    output.flush();
    try {
      while (this.#source.available < mostClosingBytes) await this.#source.more();
    } catch (error) {
      if (!(error instanceof RsyncError) || error.code !== "CONNECTION_LOST") throw error;
    }
  }

  #receive(tag: number, payload: Buffer): void {
    const isError = tag === messageTags.error || tag === messageTags.errorTransfer;
    if (isError && this.#errors.length < mostErrors) {
      const text = readableText(payload.toString("latin1").replace(/\n$/, ""));
      if (text !== "") this.#errors.push(text);
    }
    if (tag !== messageTags.errorExit) return;
    const exitCode = payload.length >= 4 ? payload.readInt32LE(0) : undefined;
    this.#source.fail(remoteFailure(exitCode, this.#errors));
  }

  /** What the daemon said before it hung up tells more than that it did. */
  async #explaining<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      const isLost = error instanceof RsyncError && error.code === "CONNECTION_LOST";
      if (isLost && this.#errors.length > 0) throw remoteFailure(undefined, this.#errors, error);
      throw error;
    }
  }
}

function transferOf(options: ListFilesOptions): TransferOptions {
  const { recursive = false, filesFrom, relative = filesFrom !== undefined } = options;
  return { links: true, recursive, dirs: true, relative };
}

function requestOf(target: Target, options: ListFilesOptions): HandshakeRequest {
  const { moreSources = [], filesFrom, senderOptions = [], onMotd } = options;
  const { module, credentials, earlyInput, protocol } = target;
  const transfer = transferOf(options);
  const { relative, recursive = false } = transfer;
  const places = [target, ...moreSources].map((each) =>
    sourceArgument({ target, wildcards: options.wildcards ?? false }, each),
  );
  const more = [
    ...(relative ? ["-R"] : []),
    ...senderOptions,
    ...(filesFrom ? filesFromWords(filesFrom, relative) : []),
  ];
  return {
    module,
    destination: places[0] as string,
    options: { links: true, recursive },
    features: { filesFrom },
    credentials,
    earlyInput,
    protocol,
    checksums,
    compressions: [],
    words: () => listArguments(places, recursive, protocol ?? 32, more),
    onText: onMotd,
  };
}
