/** One changed path at one target, as a plugin module is told of it. */
export interface PluginChange {
  /** Absolute. Text; a name that is not UTF-8 is escaped (`\#ooo`): `pathBytes` is exact. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  /** Below `root`; "." is the root itself. */
  readonly relativePath: string;
  /** The watched directory, absolute. */
  readonly root: string;
  /** What the path is now; `delete`: it is gone. */
  readonly kind: "file" | "directory" | "symlink" | "special" | "delete";
  /** `host:port::module`; "" when the plugin runs alone (`-m module`). */
  readonly target: string;
  /** `seen`: nothing is delivered, the plugin runs alone. */
  readonly result: "delivered" | "failed" | "seen";
  /** Why it failed; else "". */
  readonly reason: string;
}

/** What a plugin module gets when it is started. */
export interface PluginStart {
  /** `<setting name=… value=…/>` of its section. */
  readonly settings: Readonly<Record<string, string>>;
  /** The first line of `secretfile`; "" when there is none. Hidden wherever it turns up in a log. */
  readonly secret: string;
  /** Writes a line to sersync's log. */
  readonly log: (text: string) => void;
}

/** A running plugin module. */
export interface UserPlugin {
  /**
   * Called for each change: several at a time, as `concurrency` says, never two for one path. It is
   * done when this returns or the promise is fulfilled; what it throws is logged, and tried again as
   * often as `retries` says. `signal` aborts when `timeout` is over or the program stops.
   */
  change(change: PluginChange, signal: AbortSignal): void | Promise<void>;
  /** Called once, when the program stops. */
  close?(): void | Promise<void>;
}

/**
 * What a plugin module exports as `default`.
 *
 * It runs in a thread of its own: neither an endless loop nor an exception nobody catches disturbs
 * the mirror. A thread that ends is started again for the next change.
 */
export type CreatePlugin = (start: PluginStart) => UserPlugin | Promise<UserPlugin>;
