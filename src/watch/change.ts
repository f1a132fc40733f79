import type { BytePath } from "../../protocol/index.ts";

/**
 * A path that may differ at the targets, and why we think so. Says where to look, never what to
 * send: that is decided by lstat when a batch is built.
 *
 * - `path`: this one name was written, created, deleted or had its attributes changed.
 * - `tree`: this name and everything below it may differ (a directory appeared, was moved in or
 *   moved out, or events were lost below it). The root "" means "rescan everything".
 * - `renamed`: the kernel paired the two halves of a move inside the root. `to` has what `from` had.
 */
export type Change =
  | { readonly kind: "path"; readonly path: BytePath }
  | { readonly kind: "tree"; readonly path: BytePath }
  | {
      readonly kind: "renamed";
      readonly from: BytePath;
      readonly to: BytePath;
      readonly isDirectory: boolean;
    };

/** True for the one that says that anything may differ. */
export function isRescan(change: Change): boolean {
  return change.kind === "tree" && change.path === "";
}
