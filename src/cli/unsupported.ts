import type { Config } from "../config/schema.ts";

/** What a configuration asks for that this version does not do, in words. */
export interface Unsupported {
  /** Without these nothing would arrive: the program does not start. */
  readonly errors: readonly string[];
  /** The mirror works without these. */
  readonly warnings: readonly string[];
}

/** Says so before anything starts: nothing that was configured is ignored silently. */
export function unsupported({ ssh, remoteShell }: Config): Unsupported {
  const errors: string[] = [];
  if (ssh || remoteShell !== undefined) {
    errors.push("remotes over ssh are not in this version; use an rsync daemon (port 873) instead");
  }
  return { errors, warnings: [] };
}
