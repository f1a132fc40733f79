import fs from "node:fs";
import type { BytePath } from "../path.ts";
import { temporaryPath } from "./temporary.ts";
import type { DestinationTree } from "./tree.ts";

/** A name in one of the directories that a session works in. */
export interface Location {
  readonly tree: DestinationTree;
  readonly path: BytePath;
}

/** Work in steps; each says how many bytes it was, where it was about bytes. */
export type Steps<T> = Generator<number | undefined, T>;

const stepBytes = 256 * 1024;

/** Moves a file, and copies it where the other name is on another file system. */
export function* moveFile(from: Location, to: Location): Steps<void> {
  try {
    renameFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    yield* copyFile(from, to);
    from.tree.removeFile(from.path);
  }
}

function renameFile(from: Location, to: Location): void {
  if (from.tree === to.tree) from.tree.rename(from.path, to.path);
  else from.tree.during(from.path, (native) => fs.renameSync(native, to.tree.at(to.path)));
}

/**
 * Makes a further name of an object.
 *
 * @throws what link(2) throws; EEXIST when something has the name.
 */
export function linkFile(from: Location, to: Location): void {
  from.tree.during(from.path, (native) => fs.linkSync(native, to.tree.at(to.path)));
}

/**
 * Copies a regular file with its owner, permissions and times, or as `prepare` wants it; the copy
 * takes the other name when it is whole.
 */
export function* copyFile(
  from: Location,
  to: Location,
  prepare?: (descriptor: number) => void,
): Steps<void> {
  const source = from.tree.open(from.path);
  try {
    const stats = fs.fstatSync(source, { bigint: true });
    if (!stats.isFile()) throw Object.assign(new Error("it is no file"), { code: "EINVAL" });
    const path = temporaryPath(to.path);
    const descriptor = to.tree.createFile(path);
    try {
      yield* copyContent(source, descriptor);
      if (prepare) prepare(descriptor);
      else copyAttributes(stats, descriptor, to.tree);
      to.tree.rename(path, to.path);
    } catch (error) {
      to.tree.removeFile(path);
      throw error;
    } finally {
      fs.closeSync(descriptor);
    }
  } finally {
    fs.closeSync(source);
  }
}

function* copyContent(source: number, target: number): Steps<void> {
  const buffer = Buffer.allocUnsafe(stepBytes);
  for (let at = 0; ; ) {
    const length = fs.readSync(source, buffer, 0, stepBytes, at);
    if (length === 0) return;
    for (let done = 0; done < length; ) {
      done += fs.writeSync(target, buffer, done, length - done, at + done);
    }
    at += length;
    yield length;
  }
}

const second = 1_000_000_000n;

function copyAttributes(stats: fs.BigIntStats, descriptor: number, tree: DestinationTree): void {
  try {
    fs.fchownSync(descriptor, Number(stats.uid), Number(stats.gid));
  } catch {
    // only root gives files away; the copy is ours then
  }
  fs.fchmodSync(descriptor, Number(stats.mode & 0o7777n));
  const nanoseconds = ((stats.mtimeNs % second) + second) % second;
  const seconds = (stats.mtimeNs - nanoseconds) / second;
  const times = { mtimeSeconds: Number(seconds), mtimeNanoseconds: Number(nanoseconds) };
  tree.setOpenTime(descriptor, times);
}
