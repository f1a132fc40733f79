import { type BigIntStats, readlinkSync, statSync } from "node:fs";
import { unmungedTarget } from "../flist/munge.ts";
import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";

/** What becomes of symlinks that lie in a tree; default: they are symlinks. */
export type LinkOptions = Pick<
  TransferOptions,
  "copyLinks" | "copyUnsafeLinks" | "copyDirlinks" | "mungeLinks"
>;

/** What a symlink is sent as: itself, with its target as a byte string, or what it leads to. */
export type LinkMeaning = { readonly linkTarget: string } | { readonly referent: BigIntStats };

/**
 * Says what a symlink is sent as.
 *
 * @param path its place in the transfer, from which it leads out or not.
 * @returns undefined when it is not there any more.
 * @throws the system's error; ENOENT for a symlink that is to be followed and leads nowhere.
 */
export function readLink(
  native: string | Buffer,
  path: BytePath,
  options: LinkOptions,
): LinkMeaning | undefined {
  if (options.copyLinks) return { referent: follow(native) };
  if (options.copyDirlinks) {
    const referent = statSync(native, { bigint: true, throwIfNoEntry: false });
    if (referent?.isDirectory()) return { referent };
  }
  const linkTarget = readTarget(native);
  if (linkTarget === undefined) return undefined;
  if (options.copyUnsafeLinks && leadsOut(linkTarget, path)) return { referent: follow(native) };
  return { linkTarget: options.mungeLinks ? unmungedTarget(linkTarget) : linkTarget };
}

function follow(native: string | Buffer): BigIntStats {
  const referent = statSync(native, { bigint: true, throwIfNoEntry: false });
  if (referent !== undefined) return referent;
  throw Object.assign(new Error("the symlink has no referent"), {
    code: "ENOENT",
    syscall: "stat",
  });
}

/**
 * Whether a symlink at `path` leads out of the tree, or may: an absolute one does, and so does one
 * that goes up anywhere but at its beginning.
 */
export function leadsOut(target: string, path: BytePath): boolean {
  if (target === "" || target.startsWith("/") || target.endsWith("/..")) return true;
  const [upward = ""] = /^(?:\.\.\/+)*/.exec(target) ?? [];
  const inward = target.slice(upward.length);
  if (inward.includes("/../")) return true;
  const levels = (upward.match(/\.\./g)?.length ?? 0) + (inward === ".." ? 1 : 0);
  return levels > path.split("/").length - 1;
}

function readTarget(native: string | Buffer): string | undefined {
  try {
    return readlinkSync(native, "latin1");
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

// EINVAL: no link any more. ELOOP: a link now. ENXIO: a fifo or socket now.
const goneCodes = new Set(["ENOENT", "ENOTDIR", "EINVAL", "ELOOP", "ENXIO"]);

/** True when the object is not there (any more) as what it was listed. */
export function isGone(error: unknown): boolean {
  return goneCodes.has((error as NodeJS.ErrnoException).code ?? "");
}
