import { RsyncError } from "../errors.ts";
import { isDirectory, isRegularFile } from "../flist/entry.ts";
import { type BytePath, baseName, joinPath, parentPath, pathFromText } from "../path.ts";
import type { Area } from "./area.ts";
import type { Location } from "./location.ts";
import type { DestinationTree, Found } from "./tree.ts";

/** Where files of `--delay-updates` wait, when nothing else is said. */
const defaultDirectory = ".~tmp~";

/** Where files wait that are not complete, or not in place yet; undefined: nowhere. */
export function partialDirectory({
  partialDir,
  delayUpdates,
}: {
  readonly partialDir?: string | undefined;
  readonly delayUpdates?: boolean | undefined;
}): string | undefined {
  const directory = partialDir ?? (delayUpdates ? defaultDirectory : "");
  return directory === "" || directory === "." ? undefined : directory;
}

/** `--partial-dir`: a directory beside every file, or one for all. */
export class PartialFiles {
  readonly #tree: DestinationTree;
  readonly #beside: BytePath;
  readonly #area: Area | undefined;

  /**
   * @param directory relative to the directory of each file, unless there is an area.
   * @throws {RsyncError} BAD_OPTION for a relative name that leads elsewhere.
   */
  constructor(tree: DestinationTree, directory: string, area: Area | undefined) {
    const names = directory.split("/").filter((name) => name !== "" && name !== ".");
    if (area === undefined && names.includes("..")) {
      throw new RsyncError("BAD_OPTION", `Cannot use --partial-dir=${directory}: it leads upwards`);
    }
    this.#tree = tree;
    this.#beside = pathFromText(names.join("/")) as BytePath;
    this.#area = area;
  }

  location(path: BytePath): Location {
    if (this.#area !== undefined) return this.#area.at(baseName(path) as BytePath);
    return { tree: this.#tree, path: joinPath(this.#directory(path), baseName(path)) };
  }

  /** What has come of a file in an earlier session. */
  find(path: BytePath): Found | undefined {
    const { tree, path: partial } = this.location(path);
    const found = tree.find(partial);
    return found !== undefined && isRegularFile(found) ? found : undefined;
  }

  /** The same place, ready to be written to: its last directory is made. */
  prepare(path: BytePath): Location {
    const location = this.location(path);
    if (this.#area !== undefined) return location;
    const directory = this.#directory(path);
    const found = this.#tree.find(directory);
    if (found !== undefined && isDirectory(found)) return location;
    if (found !== undefined) this.#tree.removeFile(directory);
    this.#tree.makeDirectory(directory, 0o700);
    return location;
  }

  /** It has served its purpose. */
  remove(path: BytePath): void {
    const location = this.location(path);
    try {
      location.tree.removeFile(location.path);
    } catch {
      // it was moved, or never there
    }
    this.removeDirectory(path);
  }

  /** Removes the directory, once it is empty; one for all files stays. */
  removeDirectory(path: BytePath): void {
    if (this.#area !== undefined) return;
    try {
      this.#tree.removeDirectory(this.#directory(path));
    } catch {
      // others wait in it
    }
  }

  #directory(path: BytePath): BytePath {
    return joinPath(parentPath(path), this.#beside);
  }
}
