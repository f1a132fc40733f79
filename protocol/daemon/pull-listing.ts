import { RsyncError } from "../errors.ts";
import { isConvertible } from "../flist/conversion.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { FilterRules } from "../flist/filter.ts";
import { entryBytes } from "../flist/list-reader.ts";
import { paced } from "../flist/stepwise.ts";
import { asBytePath, displayPath } from "../path.ts";
import { bytesPerEntry, Pace } from "../roles/pace.ts";
import { ArgumentSource, type ListProblem } from "../source/arguments.ts";
import { type Seed, TreeLists } from "../source/tree-lists.ts";
import type { Cursor } from "../wire/cursor.ts";
import type { ClientSession } from "./client-session.ts";
import { ConfinedTree, noReferent } from "./confined-tree.ts";
import { type ModuleTree, pathInModule } from "./module-tree.ts";
import { SessionFailure } from "./refusal.ts";
import { expandWildcards } from "./wildcards.ts";

const longestName = 4_096;
/** A name takes so much besides its chars. */
const nameBytes = 60;
const mostNames = 1_000_000;

/** What a client asks for, as a list. */
export class PullListing {
  readonly source: ArgumentSource;
  /** How many names are not listed that should be. */
  readonly problems: Record<ListProblem["kind"], number> = {
    missing: 0,
    vanished: 0,
    unreadable: 0,
  };
  readonly #session: ClientSession;
  readonly #module: ModuleTree;

  constructor(session: ClientSession, module: ModuleTree, filter: FilterRules) {
    this.#session = session;
    this.#module = module;
    const { filesFrom, oneFileSystem, transfer } = session.options;
    const { recursive = false, dirs = false, relative = false } = transfer;
    const isTellable = isConvertible(transfer, session.agreement.compat);
    this.source = new ArgumentSource({
      recursive,
      // A list of names means these names, be they directories.
      dirs: dirs || filesFrom !== undefined,
      relative,
      oneFileSystem,
      filter,
      openTree: (root) => new ConfinedTree(root, module, { ...transfer, isTellable }),
      onProblem: (problem) => this.#tell(problem),
      onSkipped: (path) =>
        session.tell("info", `skipping directory ${displayPath(asBytePath(path))}`),
    });
  }

  /** Everything that is named; `pace` is awaited now and then. */
  async entries(pace: () => Promise<void>): Promise<FileEntry[]> {
    const entries: FileEntry[] = [];
    const step = new Pace(pace);
    const take = async (found: Iterable<FileEntry>): Promise<void> => {
      for (const entry of found) {
        const length = entry.path.length + (entry.linkTarget?.length ?? 0);
        this.#session.memory.spend(entryBytes + 2 * length);
        entries.push(entry);
        step.spend(bytesPerEntry);
        if (step.isDue) await step.take();
      }
    };
    if (this.#session.options.transfer.recursive) {
      const lists = await this.lists(pace);
      while (lists.hasMore) await take((await paced(lists.steps(), pace))?.entries ?? []);
      return entries;
    }
    for (const argument of await this.#arguments(pace)) {
      step.spend(bytesPerEntry); // it may not be there
      if (step.isDue) await step.take();
      await take(this.source.list(argument));
    }
    return entries;
  }

  /** Something could not be read: whoever deletes what is missing must not. */
  get isIncomplete(): boolean {
    return this.problems.unreadable > 0 && this.#session.module.ignoreErrors !== true;
  }

  /** The same in pieces; what is named is looked at, and what is in it when its turn comes. */
  async lists(pace: () => Promise<void>): Promise<TreeLists> {
    const { memory } = this.#session;
    const seeds: Seed[] = [];
    const step = new Pace(pace);
    for (const argument of await this.#arguments(pace)) {
      for (const seed of this.source.seeds(argument)) {
        memory.spend(nameBytes + 2 * seed.entry.path.length);
        seeds.push(seed);
      }
      step.spend(bytesPerEntry);
      if (step.isDue) await step.take();
    }
    return new TreeLists(seeds, () => this.isIncomplete);
  }

  async #arguments(pace: () => Promise<void>): Promise<string[]> {
    const { options, module, memory } = this.#session;
    const { paths, filesFrom, transfer } = options;
    const isRelative = transfer.relative === true;
    const keepsDot = isRelative && filesFrom === undefined;
    const inside = paths.flatMap((text) => {
      const words = options.isSecluded ? [text] : text.split(` ${module.name}/`);
      return words.map((word) => pathInModule(word, module.name, { keepsDot }));
    });
    if (filesFrom === undefined) {
      const expanded: string[] = [];
      for (const path of inside) {
        for (const each of await expandWildcards(this.#module, path, pace)) {
          memory.spend(nameBytes + each.length);
          expanded.push(each);
        }
      }
      return expanded;
    }
    const [base = ""] = inside;
    const names = filesFrom === "-" ? await this.#readNames() : this.#namesIn(filesFrom);
    const start = base.replace(/\/$/, "") || ".";
    return names.map((name) => start + (isRelative ? marked(name) : `/${below(name)}`));
  }

  /** `(name NUL)* NUL` from the client. */
  async #readNames(): Promise<string[]> {
    const { line, options } = this.#session;
    const end = options.filesFrom0 ? 0 : 0x0a;
    const names: string[] = [];
    for (;;) {
      const name = await line.read((from) => readName(from, end));
      if (name === "") {
        this.#session.endNames();
        return names;
      }
      this.#session.memory.spend(nameBytes + 2 * name.length); // as it is, and in its directory
      if (names.push(name) > mostNames) throw tooMuch(`${mostNames} names`);
    }
  }

  /** A file of the module. */
  #namesIn(file: string): string[] {
    const { module, options } = this.#session;
    const path = pathInModule(file, module.name);
    let content: string;
    try {
      const tree = new ConfinedTree(".", this.#module);
      content = tree.text(this.#module.resolve(path));
    } catch (cause) {
      const { message } = cause as Error;
      throw new SessionFailure(11, `failed to open files-from file ${path}: ${message}`, { cause });
    }
    const names = content.split(options.filesFrom0 ? "\0" : /\r?\n/);
    return names.filter((name) => name !== "" && !/^[#;]/.test(name));
  }

  #tell({ path, kind, cause }: ListProblem): void {
    // As rsync names it, from the module's root.
    const shown = `"/${displayPath(asBytePath(path.replace(/(^|\/)(?:\.\/)+/g, "$1")))}"`;
    const { options, module } = this.#session;
    if (kind === "missing" && options.ignoresMissing) return;
    this.problems[kind] += 1;
    if (kind === "vanished") {
      this.#session.tell("warning", `file has vanished: ${shown}`);
    } else if (cause === undefined) {
      this.#session.tell(
        "error",
        `rsync: [sender] link_stat ${shown} (in ${module.name}) failed: No such file or directory (2)`,
      );
    } else if (cause?.message === noReferent) {
      this.#session.tell("error", `${noReferent}: ${shown} (in ${module.name})`);
    } else {
      this.#session.tell("error", `cannot read ${shown}: ${cause?.message ?? "no reason given"}`);
    }
  }
}

function readName(from: Cursor, end: number): string {
  let name = "";
  for (;;) {
    const byte = from.uint8();
    if (byte === end || byte === 0) return name;
    if (name.length === longestName) throw tooMuch(`${longestName} bytes in a name`);
    name += String.fromCharCode(byte);
  }
}

function tooMuch(limit: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take the list of names: more than ${limit}`);
}

/** A name of a list, below where all begin. */
function below(name: string, keepsDot = false): string {
  return pathInModule(`/${name}`, "", { keepsDot });
}

/** The same where names are kept: but for what stands in front of the first `/./`. */
function marked(name: string): string {
  const cut = name.indexOf("/./");
  if (cut < 0) return `/./${below(name, true)}`;
  return `/${below(name.slice(0, cut))}/./${below(name.slice(cut + 3), true)}`;
}
