import { listModules, type PoolLook, type RsyncError } from "../../protocol/index.ts";
import type { TargetSettings } from "./message.ts";

const defaultEveryMs = 60_000;
const longestMs = 30_000;

export interface LookoutOptions {
  /** Told what each look has shown. */
  readonly onLook: (look: PoolLook) => void;
  /** Between two looks; default one minute. */
  readonly everyMs?: number | undefined;
}

/**
 * Looks whether a daemon is there in which no session of ours waits, for want of room: to say what
 * modules it has, a daemon needs none.
 */
export class Lookout {
  readonly #settings: Pick<TargetSettings, "target" | "timeoutMs">;
  readonly #onLook: (look: PoolLook) => void;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = new AbortController();

  constructor(
    settings: Pick<TargetSettings, "target" | "timeoutMs">,
    { onLook, everyMs = defaultEveryMs }: LookoutOptions,
  ) {
    this.#settings = settings;
    this.#onLook = onLook;
    this.#everyMs = everyMs;
  }

  /** Looks from now on; without effect where it does already. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#look(this.#stopped.signal), this.#everyMs).unref();
  }

  /** Nothing more is told. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stopped.abort();
    this.#stopped = new AbortController();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { target, timeoutMs } = this.#settings;
    const limitMs = Math.min(longestMs, timeoutMs || longestMs);
    const failure = await listModules(target, { timeoutMs: limitMs, signal }).then(
      () => undefined,
      (reason: RsyncError) => reason,
    );
    if (signal.aborted) return;
    this.#onLook(failure === undefined ? { retryMs: 0 } : { failure, retryMs: this.#everyMs });
  }
}
