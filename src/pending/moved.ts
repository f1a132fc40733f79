import type { BytePath } from "../../protocol/index.ts";
import type { Change } from "../watch/change.ts";
import type { PathMap } from "./path-map.ts";
import type { Renames } from "./renames.ts";
import type { State } from "./state.ts";

/** Something has another name now. */
export type Renaming = Extract<Change, { readonly kind: "renamed" }>;

/** What has changed below a directory that is renamed. */
export interface Changed {
  readonly path: BytePath;
  readonly whole: boolean;
  readonly since: number;
  /** Where the target has it, if it had been renamed. */
  readonly origin: BytePath | undefined;
}

/** With more than so many changes below it a renamed directory is sent anew. */
export const mostMoved: number = 1_000;

/**
 * The changes below a directory that a comparison of its new name by size and time might not see,
 * or would not know to be renames.
 */
export function changedBelow(
  directory: BytePath,
  waiting: PathMap<State>,
  renames: Renames,
): Changed[] {
  if (!waiting.hasBelow(directory)) return [];
  const prefix = `${directory}/`;
  const changed: Changed[] = [];
  for (const [path, { whole, leaving, since }] of waiting) {
    if (leaving || !path.startsWith(prefix)) continue;
    const origin = renames.origin(path);
    if (!whole || origin !== undefined) changed.push({ path, whole, since, origin });
  }
  return changed;
}
