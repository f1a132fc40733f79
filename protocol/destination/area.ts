import fs from "node:fs";
import path from "node:path";
import { isDirectory } from "../flist/entry.ts";
import { type BytePath, joinPath, pathFromText, rootPath } from "../path.ts";
import type { Location } from "./location.ts";
import { DestinationTree } from "./tree.ts";

/** A directory that a session works in besides the names of its list. */
export interface Area {
  /** Where `path` is in it. @throws where the directory cannot be made or opened. */
  at(path: BytePath): Location;
  /** There is a directory now. */
  isThere(): boolean;
  close(): void;
}

export interface AreaOptions {
  /** The destination. */
  readonly tree: DestinationTree;
  /** Its name; a relative `directory` is seen from there. */
  readonly root: string;
  /** It is made where it is missing, when it is needed. Default false: then it is empty. */
  readonly makes?: boolean;
}

/**
 * Opens a directory that whoever runs us has named.
 *
 * What lies in the destination is reached through it, without following links: the sender may have
 * put them there. Elsewhere links in the name of the directory are followed, once.
 */
export function openArea(directory: string, { tree, root, makes = false }: AreaOptions): Area {
  const below = belowRoot(path.resolve(root, directory), root);
  if (below !== undefined) return new InnerArea(tree, pathFromText(below) as BytePath, makes);
  return new OuterArea(path.resolve(root, directory), makes);
}

/**
 * Undefined for what is elsewhere. What the name says counts: a link in the destination may have
 * come from the sender, in this session or before. Only else links are looked through.
 */
function belowRoot(directory: string, root: string): string | undefined {
  const said = path.relative(path.resolve(root), directory);
  if (isBelow(said)) return said;
  const really = path.relative(realName(path.resolve(root)), realName(directory));
  return isBelow(really) ? really : undefined;
}

function isBelow(relative: string): boolean {
  return relative !== ".." && !relative.startsWith("../") && !path.isAbsolute(relative);
}

/** The real name of a directory of which only the upper part may be there. */
function realName(directory: string): string {
  try {
    return fs.realpathSync(directory);
  } catch {
    const above = path.dirname(directory);
    return above === directory ? directory : path.join(realName(above), path.basename(directory));
  }
}

class InnerArea implements Area {
  readonly #tree: DestinationTree;
  readonly #prefix: BytePath;
  readonly #makes: boolean;

  constructor(tree: DestinationTree, prefix: BytePath, makes: boolean) {
    this.#tree = tree;
    this.#prefix = prefix;
    this.#makes = makes;
  }

  at(path: BytePath): Location {
    if (this.#makes) this.#make();
    return { tree: this.#tree, path: path === "" ? this.#prefix : joinPath(this.#prefix, path) };
  }

  isThere(): boolean {
    const found = this.#tree.find(this.#prefix);
    return found !== undefined && isDirectory(found);
  }

  close(): void {
    // it goes with the destination
  }

  #make(): void {
    let made = rootPath;
    for (const name of this.#prefix === "" ? [] : this.#prefix.split("/")) {
      made = joinPath(made, name);
      if (this.#tree.find(made) === undefined) this.#tree.makeDirectory(made, 0o777);
    }
  }
}

class OuterArea implements Area {
  readonly #directory: string;
  readonly #makes: boolean;
  #tree: DestinationTree | undefined;

  constructor(directory: string, makes: boolean) {
    this.#directory = directory;
    this.#makes = makes;
  }

  at(path: BytePath): Location {
    this.#tree ??= this.#open();
    return { tree: this.#tree, path };
  }

  isThere(): boolean {
    return fs.statSync(this.#directory, { throwIfNoEntry: false })?.isDirectory() === true;
  }

  close(): void {
    this.#tree?.close();
  }

  #open(): DestinationTree {
    if (this.#makes) fs.mkdirSync(this.#directory, { recursive: true });
    const isThere = fs.existsSync(this.#directory);
    return new DestinationTree(isThere ? this.#directory : undefined);
  }
}
