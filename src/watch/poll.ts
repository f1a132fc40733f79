import { type BytePath, displayPath } from "../../protocol/index.ts";
import { defaultEvents } from "./events.ts";
import { Scanner } from "./poll/scan.ts";
import type { Engine, EngineHost } from "./portable.ts";

/** The shortest time between two scans where none is asked for. */
const leastIntervalMs = 1_000;
/** ... and how much longer than the scan's own work it is: looking takes a fifth of the time. */
const restsPerScan = 4;
/** Scans work this long, then the event loop has as much time. */
const budgetMs = 10;
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
  readonly #openedMs: number = Date.now();
  /** What cannot be looked at, and the last scan that tried. */
  readonly #unreadable = new Map<BytePath, number>();
  #scans = 0;
  /** What the last scan took without its rests. */
  #workMs = 0;
  #endRest: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(host: EngineHost) {
    const { root, events = defaultEvents, excluded = () => false } = host.options;
    this.#host = host;
    this.#scanner = new Scanner({
      root,
      events,
      excluded,
      report: (add) => {
        if (!this.#isClosed) host.report(add);
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
    this.#schedule();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#endRest?.();
    return Promise.resolve();
  }

  describe(): string {
    const { pollIntervalMs } = this.#host.options;
    const often =
      pollIntervalMs === undefined
        ? "again and again, in a fifth of the time and at most once a second"
        : `every ${pollIntervalMs / 1_000} s`;
    return `by polling: ${this.directories} directories, looked at ${often}`;
  }

  #schedule(): void {
    const { pollIntervalMs } = this.#host.options;
    const restMs = pollIntervalMs ?? Math.max(leastIntervalMs, restsPerScan * this.#workMs);
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#again(), restMs);
  }

  async #again(): Promise<void> {
    await this.#scan();
    this.#schedule();
  }

  /** Scans in slices, so that others get their turn. */
  async #scan(sinceMs?: number): Promise<void> {
    this.#scans += 1;
    this.#workMs = 0;
    let sliceBegan = performance.now();
    for (const _ of this.#scanner.scan(sinceMs)) {
      if (this.#isClosed) return;
      const workedMs = performance.now() - sliceBegan;
      if (workedMs < budgetMs) continue;
      this.#workMs += workedMs;
      await this.#rest();
      sliceBegan = performance.now();
    }
    for (const [path, scan] of this.#unreadable) {
      if (scan < this.#scans) this.#unreadable.delete(path);
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#endRest = resolve;
      this.#timer = setTimeout(resolve, budgetMs);
    });
  }

  #noteUnreadable(path: BytePath, code: string): void {
    const isKnown = this.#unreadable.has(path);
    this.#unreadable.set(path, this.#scans);
    if (isKnown) return;
    const message = `Cannot look at ${displayPath(path)}: ${code}; what changes there is not noticed`;
    this.#host.options.onState({ kind: "limit", message });
  }
}
