import { asBytePath } from "../../../protocol/index.ts";
import type { Change } from "../../../src/watch/change.ts";

/** One name that may differ. */
export function path(at: string): Change & { readonly kind: "path" } {
  return { kind: "path", path: asBytePath(at) };
}

/** A name and everything below it. */
export function tree(at: string): Change & { readonly kind: "tree" } {
  return { kind: "tree", path: asBytePath(at) };
}

/** A move inside the root. */
export function renamed(from: string, to: string, type: "file" | "directory" = "file"): Change {
  const isDirectory = type === "directory";
  return { kind: "renamed", from: asBytePath(from), to: asBytePath(to), isDirectory };
}
