import { RsyncError } from "../errors.ts";
import { asBytePath, type BytePath, baseName, displayPath, joinPath, parentPath } from "../path.ts";
import { mergedRules } from "./filter-file.ts";
import type { FilterRule, FilterStep } from "./filter-rule.ts";
import {
  type CompiledRule,
  compileRule,
  decideRule,
  isFor,
  type ReadRules,
  type RuleSide,
} from "./rule-match.ts";

/** Where a tree lies. */
export interface RulePlace {
  /** Its directory, from the root that absolute rules count from; a byte string. */
  readonly root: string;
  /** The tree's own directory is not part of what is sent: its rules do not count. Default false. */
  readonly sparesRoot?: boolean;
  /** Reads a file above the tree, by its path from that root. Default: there is none. */
  readonly readAbove?: ((path: string) => string | undefined) | undefined;
}

interface RulesOfDirectory {
  readonly rules: readonly CompiledRule[];
  /** False behind the rule that forgets all before it. */
  readonly inherits: boolean;
}

const noRules: RulesOfDirectory = { rules: [], inherits: true };
const mostDirectories = 10_000;
const deepestMerge = 10;
/** Files that lead to files, for one path: those that all name each other have no end otherwise. */
const mostNested = 1_000;

type Decision = "include" | "exclude" | undefined;

/** A question on its way through the directories above a path. */
interface Asked {
  readonly path: BytePath;
  readonly isDirectory: boolean;
  /** Rules of files in directories above this one do not count. */
  readonly top: BytePath;
  /** The files whose rules have led here: none leads to itself. */
  readonly files: readonly string[];
}

/** The rules that files in the directories of one tree add. */
export class DirectoryRules {
  readonly #read: ReadRules;
  readonly #side: RuleSide;
  readonly #place: RulePlace;
  readonly #known = new Map<string, RulesOfDirectory>();
  #nested = 0;

  constructor(read: ReadRules, side: RuleSide, place: RulePlace = { root: "" }) {
    this.#read = read;
    this.#side = side;
    this.#place = place;
  }

  /** @throws {RsyncError} BAD_OPTION for files that cannot be used. */
  decide(merge: FilterRule, path: BytePath, isDirectory: boolean): Decision {
    this.#nested = 0;
    return this.#decide(merge, { path, isDirectory, top: asBytePath(""), files: [] });
  }

  #decide(merge: FilterRule, asked: Asked): Decision {
    const { path, top } = asked;
    const name = baseName(asBytePath(merge.pattern));
    if (asked.files.includes(name)) return undefined;
    if (asked.files.length > 0) this.#nested += 1;
    if (this.#nested > mostNested) throw badFile(name, "they lead to too many others");
    if (merge.hidesItself && baseName(path) === name) return "exclude";
    for (let directory = path; directory !== top; ) {
      directory = parentPath(directory);
      const found = this.#rulesIn(merge, directory);
      const below = (directory === "" ? path : path.slice(directory.length + 1)) as BytePath;
      const decided = this.#first(found.rules, below, { ...asked, top: directory }, name);
      if (decided !== undefined || merge.here || !found.inherits) return decided;
    }
    return top === "" ? this.#decideAbove(merge, asked) : undefined;
  }

  /** The first of some rules that says something of what lies `below` their directory. */
  #first(rules: readonly CompiledRule[], below: BytePath, asked: Asked, name: string): Decision {
    const { path, isDirectory } = asked;
    for (const each of rules) {
      const seen = each.rule.absolute ? wholePath(this.#place.root, path) : below;
      const decided =
        each.rule.kind === "merge each"
          ? this.#decide(each.rule, { ...asked, files: [...asked.files, name] })
          : decideRule(each, seen, isDirectory);
      if (decided !== undefined) return decided;
    }
    return undefined;
  }

  /** A name with a path is looked for from there down to the tree, which the nearest one decides. */
  #decideAbove(merge: FilterRule, asked: Asked): Decision {
    const { root, readAbove } = this.#place;
    if (readAbove === undefined || !merge.pattern.includes("/")) return undefined;
    const name = baseName(asBytePath(merge.pattern));
    for (const directory of directoriesAbove(root, merge.pattern)) {
      const file = `${directory}/${name}`;
      const { rules, inherits } = this.#rulesOf(merge, file, () => readAbove(file));
      const below = asBytePath(
        wholePath(root, asked.path).slice(directory.length).replace(/^\//, ""),
      );
      const decided = this.#first(rules, below, asked, name);
      if (decided !== undefined || !inherits) return decided;
    }
    return undefined;
  }

  #rulesIn(merge: FilterRule, directory: BytePath): RulesOfDirectory {
    const isSpared = directory === "" && this.#place.sparesRoot && !merge.pattern.includes("/");
    if (isSpared) return noRules;
    const file = joinPath(directory, baseName(asBytePath(merge.pattern)));
    return this.#rulesOf(merge, file, () => this.#read(file));
  }

  #rulesOf(merge: FilterRule, file: string, read: () => string | undefined): RulesOfDirectory {
    const key = `${file}\0${merge.pattern}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const content = read();
    const found = content === undefined ? noRules : this.#compiled(merge, file, content);
    if (this.#known.size >= mostDirectories) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }

  #compiled(merge: FilterRule, file: string, content: string): RulesOfDirectory {
    let inherits = true;
    let rules: CompiledRule[] = [];
    for (const rule of this.#steps(merge, file, content, 0)) {
      if (rule === "clear") {
        inherits = false;
        rules = [];
      } else if (!rule.attributes && isFor(rule, this.#side)) {
        rules.push(compileRule(rule));
      }
    }
    return { rules, inherits };
  }

  /** The rules of a file, and those of files beside it that it merges. */
  #steps(merge: FilterRule, file: string, content: string, depth: number): FilterStep[] {
    return parsed(merge, file, content).flatMap((rule) => {
      if (rule === "clear" || rule.kind !== "merge") return [rule];
      const beside = file.slice(0, file.lastIndexOf("/") + 1) + rule.pattern;
      const isBeside = !rule.pattern.includes("/") && depth < deepestMerge;
      const text = isBeside ? this.#read(asBytePath(beside)) : undefined;
      if (text === undefined)
        throw badFile(file, "one of them merges a file that is not beside it");
      return this.#steps(rule, beside, text, depth + 1);
    });
  }
}

/** A path of a tree, from the root that the tree's own path begins at, without the first slash. */
export function wholePath(root: string, path: BytePath): BytePath {
  return asBytePath(`${root}/${path}`.replace(/^\/+/, ""));
}

/** The directories above `root`, the nearest first, as far as the path that `pattern` begins with. */
function directoriesAbove(root: string, pattern: string): string[] {
  const start = normalized(pattern.startsWith("/") ? pattern : `${root}/${pattern}`).slice(0, -1);
  const parts = normalized(root);
  if (start.some((part, at) => part !== parts[at])) return [];
  const above: string[] = [];
  for (let length = parts.length - 1; length >= start.length; length -= 1) {
    above.push(
      parts
        .slice(0, length)
        .map((part) => `/${part}`)
        .join(""),
    );
  }
  return above;
}

function normalized(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

function parsed(merge: FilterRule, file: string, content: string): FilterStep[] {
  try {
    const rules = mergedRules(content, merge);
    if (!rules.some((rule) => rule !== "clear" && rule.kind === "cvs")) return rules;
  } catch (cause) {
    throw badFile(file, "one of them is no rule", { cause });
  }
  throw badFile(file, "one of them is -C, which is not for files in directories");
}

/** Says nothing of what is in the file: whoever hears it at a daemon may not be let to read it. */
function badFile(file: string, found: string, options?: ErrorOptions): RsyncError {
  const shown = displayPath(asBytePath(file));
  return new RsyncError("BAD_OPTION", `Cannot use the filter rules in ${shown}: ${found}`, options);
}
