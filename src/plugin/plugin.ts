import type { BytePath } from "../../protocol/index.ts";
import type { Delivery } from "../push/delivery.ts";

/** One path at one target, as plugins are told of it. Paths are byte strings, the rest is text. */
export interface PluginEvent {
  /** The watched directory, absolute. */
  readonly root: string;
  /** Relative to the root; "" is the root itself. */
  readonly path: BytePath;
  /** What the path is now; `delete`: it is gone. */
  readonly kind: PluginEventKind;
  /** `host:port::module`; "" when the plugin runs alone. */
  readonly target: string;
  /** `seen`: nothing is delivered, the plugin runs alone. */
  readonly result: "delivered" | "failed" | "seen";
  /** Why it failed, in words; else "". */
  readonly reason: string;
}

export type PluginEventKind = Exclude<Delivery["kind"], "nothing">;

/** What is done with one change. */
export interface Plugin {
  /**
   * Resolves when it is done. `signal` aborts when it takes too long or the program stops.
   *
   * @throws {PluginFailure} or anything else, which is then final.
   */
  run(event: PluginEvent, signal: AbortSignal): Promise<void>;
  /** Releases what outlives a run. */
  close?(): Promise<void>;
}

/**
 * - `peer`: the other side cannot be reached; all waits for it, and nothing is counted against the
 *   change.
 * - `again`: this change was not taken; it is tried again as often as the settings say.
 * - `final`: trying again would be in vain.
 */
export type FailureKind = "peer" | "again" | "final";

/** Why a plugin could not do its work; the message says it whole. */
export class PluginFailure extends Error {
  static {
    Object.defineProperty(PluginFailure.prototype, "name", { value: "PluginFailure" });
  }

  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
  }
}

/** The absolute path of what has changed, as a byte string. */
export function wholePath({ root, path }: PluginEvent): string {
  if (path === "") return root;
  return root === "/" ? `/${path}` : `${root}/${path}`;
}
