import { type BytePath, displayPath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import { defaultEvents } from "./events.ts";
import { Scanner } from "./poll/scan.ts";
import type { Engine, EngineHost } from "./portable.ts";
import { Slices } from "./slices.ts";

/** The shortest time between two scans where none is asked for. */
const leastIntervalMs = 1_000;
/** ... and how much longer than the scan's own work it is: looking takes a fifth of the time. */
const restsPerScan = 4;
/** A file system's clock may lag behind by one tick of the kernel, 10 ms at most. */
const clockTickMs = 10;

/**
 * Notices changes by looking at everything again and again: on network mounts, and by choice.
 *
 * A scan costs 5 µs per file of a local file system, and a round trip per file of a server that lets
 * nothing be cached. Without `pollIntervalMs` there is one a second, or as many as take a fifth of
 * the time. A rename is two changes; a file is reported while it is being written.
 */
export class PollEngine implements Engine {
  readonly #host: EngineHost;
  readonly #scanner: Scanner;
  readonly #slices = new Slices();
  readonly #openedMs: number = Date.now();
  /** What cannot be looked at, and the last scan that tried. */
  readonly #unreadable = new Map<BytePath, number>();
  #scans = 0;
  /** The scan under way, if there is one. */
  #scanning: Promise<void> = Promise.resolve();
  /** What the last scan took without its rests. */
  #workMs = 0;

  constructor(host: EngineHost) {
    const { root, events = defaultEvents, excluded = () => false } = host.options;
    this.#host = host;
    this.#scanner = new Scanner({
      root,
      events,
      excluded,
      report: (add) => {
        if (!this.#slices.isClosed) host.report(add);
      },
      onUnreadable: (path, code) => this.#noteUnreadable(path, code),
    });
  }

  get directories(): number {
    return this.#scanner.directories;
  }

  get unwatched(): readonly BytePath[] {
    return [...this.#unreadable.keys()];
  }

  /** Scans made. */
  get events(): number {
    return this.#scans;
  }

  async open(): Promise<void> {
    const { willScan = false } = this.#host.options;
    const sinceMs = willScan ? Number.POSITIVE_INFINITY : this.#openedMs - clockTickMs;
    await this.#scan(sinceMs);
    void this.#goOn();
  }

  caughtUp(): Promise<void> {
    return this.#scan();
  }

  close(): Promise<void> {
    this.#slices.close();
    return Promise.resolve();
  }

  describe(): string {
    const { pollIntervalMs } = this.#host.options;
    const often =
      pollIntervalMs === undefined
        ? "again and again, in a fifth of the time and at most once a second"
        : `every ${pollIntervalMs / 1_000} s`;
    return `by polling: ${counted(this.directories, "directory", "directories")}, looked at ${often}`;
  }

  async #goOn(): Promise<void> {
    const { pollIntervalMs } = this.#host.options;
    while (!this.#slices.isClosed) {
      await this.#slices.rest(
        pollIntervalMs ?? Math.max(leastIntervalMs, restsPerScan * this.#workMs),
      );
      if (!this.#slices.isClosed) await this.#scan();
    }
  }

  #scan(sinceMs?: number): Promise<void> {
    this.#scanning = this.#scanning.then(() => this.#scanNow(sinceMs));
    return this.#scanning;
  }

  async #scanNow(sinceMs?: number): Promise<void> {
    if (this.#slices.isClosed) return;
    this.#scans += 1;
    this.#workMs = await this.#slices.run(this.#scanner.scan(sinceMs));
    for (const [path, scan] of this.#unreadable) {
      if (scan < this.#scans) this.#unreadable.delete(path);
    }
  }

  #noteUnreadable(path: BytePath, code: string): void {
    const isKnown = this.#unreadable.has(path);
    this.#unreadable.set(path, this.#scans);
    if (isKnown) return;
    const message = `Cannot look at ${displayPath(path)}: ${code}; what changes there is not noticed`;
    this.#host.options.onState({ kind: "limit", message });
  }
}
