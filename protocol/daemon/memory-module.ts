import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isDirectory, isSymlink } from "../flist/entry.ts";
import { nativePath, pathFromText } from "../path.ts";
import { LocalTree } from "../source/local.ts";
import { type MemoryObject, MemoryTree } from "../source/memory.ts";
import { walk } from "../source/walk.ts";
import type { DaemonModule } from "./module.ts";

/** A file system in memory, where Linux has one. */
const sharedMemory = "/dev/shm";

/**
 * A module for tests of programs that push or pull: made of objects by path, and read by path.
 *
 *     const memory = new MemoryModule("m", { "a.txt": "hello" });
 *     const daemon = createDaemon({ modules: [memory.module] });
 *
 * It is a directory of its own, so that everything works in it that works in a module: in /dev/shm,
 * which is memory, or where there is none among the system's temporary files. It goes with
 * {@link remove}, or with the process.
 */
export class MemoryModule implements Disposable {
  /** To be served; anybody may write into it. */
  readonly module: DaemonModule;
  readonly #path: string;
  readonly #onExit = (): void => this.remove();

  /** @throws {RangeError} for a path with an empty component, `.` or `..`, or a NUL. */
  constructor(name: string, objects: Readonly<Record<string, MemoryObject>> = {}) {
    const tree = new MemoryTree(objects);
    const memory = fs.existsSync(sharedMemory) ? sharedMemory : os.tmpdir();
    this.#path = fs.mkdtempSync(path.join(memory, "sersync-module-"));
    this.module = { name, path: this.#path, readOnly: false };
    process.once("exit", this.#onExit);
    put(tree, this.#path);
  }

  /** The content of a file. @throws what the system says when there is none of that name. */
  read(name: string): Buffer {
    return fs.readFileSync(nativePath(this.#path, pathFromText(name)));
  }

  /** Everything that is there by now, the root "" first, as text; in the order of file lists. */
  paths(): string[] {
    const entries = walk(new LocalTree(this.#path), pathFromText(""));
    return Array.from(entries, (entry) => Buffer.from(entry.path, "latin1").toString("utf8"));
  }

  /** Removes it with all that is in it. */
  remove(): void {
    process.off("exit", this.#onExit);
    fs.rmSync(this.#path, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

/** Makes what a tree in memory has; directories get their modes and times last. */
function put(tree: MemoryTree, root: string): void {
  const entries = tree.entries().toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of entries) {
    const at = nativePath(root, entry.path);
    if (isDirectory(entry)) fs.mkdirSync(at, { recursive: true });
    else if (isSymlink(entry)) fs.symlinkSync(Buffer.from(entry.linkTarget ?? "", "latin1"), at);
    else fs.writeFileSync(at, contentOf(tree, entry));
  }
  for (const entry of entries.toReversed()) {
    const at = nativePath(root, entry.path);
    if (!isSymlink(entry)) fs.chmodSync(at, entry.mode & 0o7777);
    const seconds = entry.mtimeSeconds + entry.mtimeNanoseconds / 1e9;
    fs.lutimesSync(at, seconds, seconds);
  }
}

function contentOf(tree: MemoryTree, entry: Parameters<MemoryTree["open"]>[0]): Uint8Array {
  const content = new Uint8Array(entry.size);
  tree.open(entry)?.read(content, entry.size, 0);
  return content;
}
