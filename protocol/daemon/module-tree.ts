import fs from "node:fs";
import { Anchor } from "../destination/anchor.ts";
import { DestinationTree } from "../destination/tree.ts";
import { isDirectory, isSymlink } from "../flist/entry.ts";
import type { PatternMatch } from "../flist/pattern.ts";
import type { Stepwise } from "../flist/stepwise.ts";
import { asBytePath, type BytePath, joinPath, parentPath, rootPath } from "../path.ts";
import { hiddenBelow } from "./hidden.ts";
import { HidingTree } from "./hiding-tree.ts";
import type { DaemonModule } from "./module.ts";

/** A place of a module, and how many links have led there. */
export interface Followed {
  /** No component of it is a link. */
  readonly path: BytePath;
  readonly links: number;
}

const moduleRoot: Followed = { path: rootPath, links: 0 };
/** As Linux counts them. */
const mostLinks = 40;
const mostParts = 4_096;

/**
 * A module's directory. Names that lead to a place in it may go through symlinks; these are
 * resolved as if the module were the whole file system, so they never lead out of it.
 */
export class ModuleTree {
  readonly #anchor: Anchor;
  readonly tree: DestinationTree;
  /** The same, where what is hidden is not read. */
  readonly shown: DestinationTree;
  /** Says of a path from its root whether it is hidden. */
  readonly isHidden: PatternMatch;
  readonly hasRules: boolean;

  /** @throws what the system says when the directory is not there. */
  constructor({ path: root, filter }: Pick<DaemonModule, "path" | "filter">) {
    this.isHidden = hiddenBelow(filter, asBytePath(""));
    this.hasRules = filter !== undefined && !filter.isEmpty;
    this.#anchor = new Anchor(root);
    this.tree = new DestinationTree(this.#anchor);
    this.shown = this.hasRules ? new HidingTree(this.#anchor, this.isHidden) : this.tree;
  }

  close(): void {
    this.#anchor.close();
  }

  /**
   * Holds a directory of the module, which is there and is no link.
   *
   * @param follow says which directory of the module a link below it is taken for.
   */
  below(path: BytePath, follow: (link: BytePath) => BytePath | undefined): Anchor {
    const anchor = this.#anchor;
    return new Anchor({ anchor, path }, (link) => {
      const place = follow(link);
      return place === undefined ? undefined : () => anchor.inside(place);
    });
  }

  /** What calls take for a path that is no link above its last component, at once. */
  native(path: BytePath): string | Buffer {
    return this.#anchor.at(path);
  }

  /** Names in a directory, which is no link. @throws what the system says. */
  names(directory: BytePath): string[] {
    return this.tree.names(directory);
  }

  /** The same in steps. @param sizeBytes what lstat says of the directory. */
  nameSteps(directory: BytePath, sizeBytes: number): Stepwise<string[]> {
    return this.tree.nameSteps(directory, sizeBytes);
  }

  /** @throws what the system says of a directory that is not there. */
  status(directory: BytePath): fs.BigIntStats {
    return fs.statSync(this.#anchor.inside(directory), { bigint: true });
  }

  /** Makes a directory, and those above it, unless they are there. @throws what the system says. */
  make(directory: BytePath): void {
    if (this.isDirectory(directory)) return;
    if (directory !== "") this.make(parentPath(directory));
    this.tree.makeDirectory(directory, 0o777);
  }

  isDirectory(path: BytePath): boolean {
    const found = this.tree.find(path);
    return found !== undefined && isDirectory(found);
  }

  /**
   * Where a name leads when all links in it are followed. What is not there is taken as it is
   * written.
   *
   * @throws ELOOP for links that lead to each other.
   */
  resolve(path: string): BytePath {
    return this.follow(path).path;
  }

  /** The same from a place that links have led to: all of them count. @throws ELOOP */
  follow(path: string, from: Followed = moduleRoot): Followed {
    const left = partsOf(path).toReversed();
    let at = from.path;
    let { links } = from;
    while (left.length > 0) {
      const part = left.pop() as string;
      if (part === "..") {
        at = parentPath(at);
        continue;
      }
      const next = joinPath(at, part);
      const found = this.tree.find(next);
      if (found === undefined || !isSymlink(found)) {
        at = next;
        continue;
      }
      links += 1;
      const target = this.tree.linkTarget(next);
      if (links > mostLinks || left.length > mostParts) throw tooManyLinks();
      if (target.startsWith("/")) at = rootPath;
      left.push(...partsOf(target).toReversed());
    }
    return { path: at, links };
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function tooManyLinks(): Error {
  return Object.assign(new Error("too many symlinks"), { code: "ELOOP" });
}

/**
 * A path argument as a path of the module: `..` leads no higher than its root, and a final slash
 * stays (spec 1 §2.1).
 *
 * @param text a byte string; the module's name in front is taken off.
 * @param keepsDot `-R`: the `/./` stays behind which names begin.
 */
export function pathInModule(
  text: string,
  module: string,
  { keepsDot = false }: { readonly keepsDot?: boolean } = {},
): string {
  const isNamed = text === module || text.startsWith(`${module}/`);
  const inside = (isNamed ? text.slice(module.length) : text).replace(/^\/+/, "");
  const parts = inside.split("/");
  const kept: string[] = [];
  for (const [at, part] of parts.entries()) {
    const isMark = part === "." && at < parts.length - 1 && keepsDot && !kept.includes(".");
    if (part === "..") kept.pop();
    else if (isMark || (part !== "" && part !== ".")) kept.push(part);
  }
  const isContent = /(^|\/)\.{0,2}$/.test(inside);
  return kept.length > 0 && isContent ? `${kept.join("/")}/` : kept.join("/");
}
