import { lstatSync, opendirSync, type Stats, statSync } from "node:fs";
import { type BytePath, nativePath, rootPath } from "../../protocol/index.ts";

/** What tells a directory from another one in its place; plain data. */
export interface Identity {
  readonly device: number;
  readonly inode: number;
  /**
   * When it was made, in ms since 1970; 0 where the file system does not say. A tmpfs mounted anew
   * has the numbers of the one before it: only this tells them apart.
   */
  readonly bornMs: number;
}

/**
 * The identity of the directory at `path`, undefined when there is none or it cannot be seen. Links
 * are followed for the root itself, nowhere else.
 */
export function readIdentity(root: string, path: BytePath): Identity | undefined {
  try {
    const native = nativePath(root, path);
    const stats = path === rootPath ? statSync(native) : lstatSync(native);
    return stats.isDirectory() ? identityOf(stats) : undefined;
  } catch {
    return undefined;
  }
}

export function isSameDirectory(one: Identity | undefined, other: Identity | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const isBornAlike = one.bornMs === other.bornMs || one.bornMs === 0 || other.bornMs === 0;
  return one.inode === other.inode && one.device === other.device && isBornAlike;
}

/** True when a directory can be read and holds at least so many names; reads no more than these. */
export function holdsNames(root: string, path: BytePath, count: number): boolean {
  try {
    const directory = opendirSync(nativePath(root, path) as string, { bufferSize: count });
    try {
      for (let left = count; left > 0; left -= 1) if (!directory.readSync()) return false;
      return true;
    } finally {
      directory.closeSync();
    }
  } catch {
    return false;
  }
}

function identityOf({ dev, ino, birthtimeMs }: Stats): Identity {
  return { device: dev, inode: ino, bornMs: tellsBirths() ? birthtimeMs : 0 };
}

let births: boolean | undefined;

/** False where Node has to pass the last change off as the birth: on kernels without statx. */
function tellsBirths(): boolean {
  if (births === undefined) {
    // procfs keeps no births: statx leaves them 0, the substitute does not.
    const proc = statSync("/proc", { throwIfNoEntry: false });
    births = proc === undefined || proc.birthtimeMs !== proc.ctimeMs;
  }
  return births;
}
