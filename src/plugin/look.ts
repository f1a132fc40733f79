import { lstatSync, type Stats } from "node:fs";
import { type BytePath, nativePath } from "../../protocol/index.ts";
import type { PluginEventKind } from "./plugin.ts";

/** What lies at a path now; `delete`: nothing does, or it cannot be seen. */
export function kindAt(root: string, path: BytePath): PluginEventKind {
  const stats = lookAt(root, path);
  return stats === undefined ? "delete" : kindOf(stats);
}

/** The object itself, no link followed; undefined when it cannot be seen. */
export function lookAt(root: string, path: BytePath): Stats | undefined {
  try {
    return lstatSync(nativePath(root, path));
  } catch {
    return undefined; // gone, or its directory is: the next change tells
  }
}

export function kindOf(stats: Stats): PluginEventKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "special";
}
