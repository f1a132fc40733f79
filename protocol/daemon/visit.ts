import { RsyncError } from "../errors.ts";
import { nameFromWire } from "../flist/conversion.ts";
import type { Connection } from "../transport/connection.ts";
import { RefusedOptions } from "./access/options.ts";
import { readArguments, withoutBackslashes } from "./argument-reader.ts";
import { ClientLine } from "./client-line.ts";
import type { ClientOptions } from "./client-options.ts";
import { type ClientSession, openSession } from "./client-session.ts";
import { type Door, type Entered, receiveClient } from "./entrance.ts";
import type { ListBudget } from "./list-budget.ts";
import type { DaemonClient, DaemonModule, DaemonSession } from "./module.ts";
import { chosenChecksum, expectCompression, negotiate } from "./negotiation.ts";
import { parseClientOptions } from "./option-reader.ts";
import { servePull } from "./pull-service.ts";
import { servePush } from "./push-service.ts";
import { Refusal, SessionFailure } from "./refusal.ts";

/** What all visits of a daemon share. */
export interface House extends Door {
  readonly timeoutSeconds: number;
  readonly lists: ListBudget;
}

const dawdlesAfterMs = 2_000;
/** Between two things that a client says during its set-up it takes less. */
const idleAfterMs = 1_000;
/** 30 days; timers could not take much more. */
const longestTimeoutSeconds = 2_592_000;

/** One client, from the greeting to the last word. Nothing that it does makes this throw. */
export class Visit {
  readonly #line: ClientLine;
  readonly #client: DaemonClient;
  readonly #house: House;
  readonly #cameAt = performance.now();
  #begunAt = this.#cameAt;
  #session: ClientSession | undefined;
  /** The module that it has a place in. */
  module: DaemonModule | undefined;

  constructor(socket: Connection, client: DaemonClient, house: House) {
    this.#client = client;
    this.#house = house;
    this.#line = new ClientLine(socket, {
      onMessage: (tag, payload) => this.#session?.hear(tag, payload),
      onEnd: (reason) => this.#session?.handlers.onEnd?.(reason),
    });
  }

  async run(): Promise<void> {
    const { log } = this.#house;
    log({ kind: "connected", client: this.#client });
    try {
      const entered = await receiveClient(this.#line, this.#client, this.#house);
      if (entered !== undefined) await this.#serve(entered);
      await this.#line.hangUp();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : undefined;
      const reason = error instanceof Error ? error.message : String(error);
      const module = this.module?.name;
      if (!refusal?.isLogged) log({ kind: "refused", client: this.#client, module, reason });
      if (!isExpected(error)) log({ kind: "trouble", reason, cause: error });
      await this.#line.hangUp(
        refusal?.said === undefined ? undefined : `@ERROR: ${refusal.said}\n`,
      );
    }
  }

  /** Ends it at once. */
  abort(reason: string): void {
    this.#line.drop(new RsyncError("ABORTED", `Cannot go on with the client: ${reason}`));
  }

  /** It is here for a while, and has not even asked for anything yet. */
  get isDawdling(): boolean {
    return this.#session === undefined && performance.now() - this.#cameAt > dawdlesAfterMs;
  }

  /** Nothing is lost when it ends now: for a while it has not begun to transfer anything. */
  get isIdle(): boolean {
    const isWaiting = !this.#line.isLeaving && (this.#session?.isIdle ?? true);
    return isWaiting && performance.now() - this.#begunAt > idleAfterMs;
  }

  async #serve(entered: Entered): Promise<void> {
    const { module, protocol, user, mayRead, mayWrite } = entered;
    const line = this.#line;
    line.limit(this.#house.handshakeTimeoutMs, "send its arguments");
    const words = await readArguments(line, protocol < 30 ? "\n" : "\0");
    const plain = withoutBackslashes(words);
    const first = parseClientOptions(plain);
    const more = first.isSecluded ? await readArguments(line, "\0") : [];
    const all = first.isSecluded
      ? [...plain.filter((word) => word !== "."), ...more.slice(1)]
      : plain;
    const options = inCharsetOf(module, parseClientOptions(all));
    const agreement = await negotiate(line, protocol, options);
    const about: DaemonSession = {
      client: this.#client,
      module: module.name,
      direction: options.isPull ? "pull" : "push",
      user,
      paths: options.paths,
    };
    const { log, lists } = this.#house;
    const timeoutSeconds = this.#timeout(module, options);
    const session = openSession({
      line,
      agreement,
      options,
      module,
      about,
      mayRead,
      mayWrite,
      timeoutSeconds,
      memory: lists.share(),
      log,
    });
    this.#session = session;
    this.#begunAt = performance.now();
    session.begin();
    log({ ...about, kind: "started" });
    await this.#finish(session, async () => {
      refuseOptions(module, options);
      return options.isPull ? servePull(session) : servePush(session);
    });
  }

  /** The shorter of what the module and the client want. */
  #timeout({ timeoutSeconds: wanted }: DaemonModule, { transfer }: ClientOptions): number {
    const own = Math.min(longestTimeoutSeconds, wanted || this.#house.timeoutSeconds);
    return transfer.timeoutSeconds ? Math.min(own, transfer.timeoutSeconds) : own;
  }

  async #finish(session: ClientSession, work: () => Promise<number>): Promise<void> {
    const { line, about, log, output } = session;
    let exitCode = 0;
    let reason: string | undefined;
    try {
      exitCode = await work();
      output.flush();
    } catch (error) {
      const failure = failureOf(error);
      exitCode = failure.exitCode;
      reason = failure.message;
      if (!isExpected(error)) log({ kind: "trouble", reason, cause: error });
      session.sayFailure(exitCode, reason);
    } finally {
      session.end();
    }
    log({
      ...about,
      kind: "ended",
      exitCode,
      reason,
      sentBytes: output.bytesSent,
      receivedBytes: line.socket.bytesRead,
      totalBytes: session.totalBytes,
    });
  }
}

/** Names between the wire and the module; arguments too, where they come like names (`-s`). */
function inCharsetOf({ charset }: DaemonModule, options: ClientOptions): ClientOptions {
  if (charset === undefined || !options.converts) return options;
  const iconv = { local: charset, remote: "utf-8" };
  const named = (path: string): string => nameFromWire(path, { iconv });
  const paths = options.isSecluded ? options.paths.map(named) : options.paths;
  return { ...options, transfer: { ...options.transfer, iconv }, paths };
}

/** @throws {SessionFailure} for the first option that this module, or this daemon, has not. */
function refuseOptions(module: DaemonModule, options: ClientOptions): void {
  const [unknown] = options.unknown;
  if (unknown !== undefined) {
    throw new SessionFailure(4, `rsync: on remote machine: ${unknown}: unknown option`);
  }
  const terms = [
    ...(module.refuseOptions ?? []),
    ...(module.charset === undefined ? ["iconv"] : []),
  ];
  const refused = new RefusedOptions(terms).refusal(options.used, options);
  if (refused !== undefined) {
    throw new SessionFailure(4, `rsync: The server is configured to refuse ${refused}`);
  }
  const [missing] = options.unavailable;
  if (missing !== undefined) {
    throw new SessionFailure(
      4,
      `rsync: on remote machine: ${missing} is not supported by this server`,
    );
  }
  if (options.checksumChoice !== undefined) chosenChecksum(options.checksumChoice);
  expectCompression(options.compressChoice, options.isPull);
}

/** Everything that a client, the network or the disk can cause. */
function isExpected(error: unknown): boolean {
  if (error instanceof Refusal || error instanceof SessionFailure) return true;
  return error instanceof RsyncError || (error instanceof Error && "syscall" in error);
}

function failureOf(error: unknown): { readonly exitCode: number; readonly message: string } {
  if (error instanceof SessionFailure) return error;
  if (error instanceof RsyncError && error.code === "BAD_OPTION") {
    // Its text may come from a file of the module, which not everybody may read.
    return { exitCode: 1, message: "there are rules or options that cannot be used here" };
  }
  if (error instanceof RsyncError) return { exitCode: error.exitCode, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: 11, message };
}
