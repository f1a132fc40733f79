import type { MirrorOptions } from "../mirror.ts";
import type { PlanSource } from "./plan.ts";

/** How the program is run; the plans say what. */
export interface ServiceOptions extends MirrorOptions {
  readonly version: string;
  /** Where the plans came from: they are read again on reload. */
  readonly sources: readonly PlanSource[];
  /** Opens the log file anew. Default: there is none. */
  readonly reopenLog?: (() => void) | undefined;
  /** Default: none. */
  readonly pidFile?: string | undefined;
  /** Whoever knows the token in it may act over HTTP; default: nobody. */
  readonly tokenFile?: string | undefined;
  /** The share of targets that must be reachable for `/readyz`, from 0 to 1; default 1. */
  readonly readyShare?: number;
  /** Called when the configurations are this process's own, before anything is watched. */
  readonly onClaimed?: () => void;
  /** Called when everything is watched. */
  readonly onReady: () => void;
}
