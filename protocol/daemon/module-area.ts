import type { Area } from "../destination/area.ts";
import type { Location } from "../destination/location.ts";
import { DestinationTree } from "../destination/tree.ts";
import { asBytePath, type BytePath, joinPath, pathFromText } from "../path.ts";
import { type ModuleTree, pathInModule } from "./module-tree.ts";

/**
 * Opens a directory that a client has named, for `--link-dest` and the like: seen from the module's
 * root when its name begins with `/`, else from the destination; never outside of the module.
 *
 * @param directory text.
 * @param destination where the client's list goes, from the module's root.
 * @param makes it is made where it is missing, when it is needed.
 */
export function openModuleArea(
  module: ModuleTree,
  directory: string,
  destination: BytePath,
  makes: boolean,
): Area {
  return new ModuleArea(module, placeInModule(directory, destination), makes);
}

/** What such a directory is called from the module's root; links in it lead on from there. */
export function placeInModule(directory: string, destination: BytePath): BytePath {
  const named = pathFromText(directory);
  const whole = named.startsWith("/") ? named : joinPath(destination, named);
  return asBytePath(pathInModule(`/${whole}`, "").replace(/\/$/, ""));
}

class ModuleArea implements Area {
  readonly #module: ModuleTree;
  readonly #named: string;
  readonly #makes: boolean;
  #directory: BytePath | undefined;

  constructor(module: ModuleTree, named: string, makes: boolean) {
    this.#module = module;
    this.#named = named;
    this.#makes = makes;
  }

  /** What the module hides is not there. */
  at(path: BytePath): Location {
    const directory = this.#open();
    const place = path === "" ? directory : directory === "" ? path : joinPath(directory, path);
    const isHidden = this.#module.isHidden(place, false) || this.#module.isHidden(place, true);
    return { tree: isHidden ? nothing : this.#module.shown, path: place };
  }

  isThere(): boolean {
    const directory = this.#module.resolve(this.#named);
    return !this.#module.isHidden(directory, true) && this.#module.isDirectory(directory);
  }

  close(): void {
    // it goes with the module's tree
  }

  #open(): BytePath {
    if (this.#directory === undefined) {
      const directory = this.#module.resolve(this.#named);
      if (this.#makes && !this.#module.isHidden(directory, true)) this.#module.make(directory);
      this.#directory = directory;
    }
    return this.#directory;
  }
}

const nothing = new DestinationTree(undefined);
