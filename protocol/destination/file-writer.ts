import fs from "node:fs";
import { type BytePath, parentPath } from "../path.ts";
import { hasDescriptors } from "./anchor.ts";
import { withDescriptor } from "./descriptors.ts";
import { type LibC, libC, now, staysOwner, type Times } from "./libc.ts";
import { temporaryName } from "./temporary.ts";
import type { DestinationTree } from "./tree.ts";

/** What a file has besides its content. */
export interface NewFileAttributes extends Times {
  /** `staysOwner` leaves it as the system makes it; the group likewise. */
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const longestName = 256;

/**
 * Puts small files in place, each with as few calls as can be: it is written under a name of its
 * own, and takes its name when it is complete. Names are looked up in the directory's descriptor,
 * which was opened without following links, so nothing outside of the tree is written.
 */
export class FileWriter {
  readonly #tree: DestinationTree;
  readonly #c: LibC;
  readonly #temporary: Buffer = Buffer.alloc(longestName + 1);
  readonly #name: Buffer = Buffer.alloc(longestName + 1);

  /** Undefined where the calls are missing that it needs. */
  static of(tree: DestinationTree): FileWriter | undefined {
    const c = libC();
    return c === undefined || !hasDescriptors ? undefined : new FileWriter(tree, c);
  }

  private constructor(tree: DestinationTree, c: LibC) {
    this.#tree = tree;
    this.#c = c;
  }

  /** @throws what the system says; nothing is left behind then. */
  put(path: BytePath, attributes: NewFileAttributes, content: Uint8Array): void {
    const c = this.#c;
    terminate(this.#tree.nameToWrite(path), this.#name);
    terminate(`.${temporaryName(path)}`, this.#temporary);
    const parent = parentPath(path);
    const descriptor = withDescriptor(() => c.createAt(this.#tree.held(parent), this.#temporary));
    try {
      fill(c, descriptor, attributes, content);
      c.renameAt(this.#tree.held(parent), this.#temporary, this.#name);
    } catch (error) {
      this.#remove(parent);
      throw error;
    } finally {
      c.close(descriptor);
    }
  }

  #remove(parent: BytePath): void {
    try {
      this.#c.removeAt(this.#tree.held(parent), this.#temporary);
    } catch {
      // why the file could not be written tells more
    }
  }
}

/** @param name a byte string without NUL. @throws ENAMETOOLONG */
function terminate(name: string, into: Buffer): void {
  if (name.length > longestName) {
    throw Object.assign(new Error("ENAMETOOLONG: name too long"), { code: "ENAMETOOLONG" });
  }
  into[into.write(name, "latin1")] = 0;
}

function fill(
  c: LibC,
  descriptor: number,
  attributes: NewFileAttributes,
  content: Uint8Array,
): void {
  const { uid, gid, mode, mtimeNanoseconds, atimeSeconds } = attributes;
  for (let done = 0; done < content.length; ) done += c.write(descriptor, content.subarray(done));
  if (uid !== staysOwner || gid !== staysOwner) setOwner(c, descriptor, uid, gid);
  c.setOpenMode(descriptor, mode); // after the owner, which takes special permissions away
  const hasTime = mtimeNanoseconds !== now || atimeSeconds !== undefined;
  if (hasTime) c.setOpenTime(descriptor, attributes);
}

/** Some file systems refuse it even where nothing changes. */
function setOwner(c: LibC, descriptor: number, uid: number, gid: number): void {
  try {
    c.setOpenOwner(descriptor, uid, gid);
  } catch (error) {
    const found = fs.fstatSync(descriptor);
    const isSame = (wanted: number, has: number): boolean =>
      wanted === staysOwner || wanted === has;
    if (!isSame(uid, found.uid) || !isSame(gid, found.gid)) throw error;
  }
}
