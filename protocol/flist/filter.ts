import { RsyncError } from "../errors.ts";
import { asBytePath, type BytePath, baseName, displayPath, joinPath, parentPath } from "../path.ts";
import { bareRule, type FilterRule, formatRule, parseFilterFile } from "./filter-rule.ts";
import { compilePattern, type PatternMatch } from "./pattern.ts";

/** Reads a file of a tree by its path, as a byte string; undefined when there is none. */
export type ReadRules = (path: BytePath) => string | undefined;

interface Compiled {
  readonly rule: FilterRule;
  readonly matches: PatternMatch;
}

/**
 * Says what stays; `isInDoomed`: what is around it is being deleted, which perishable rules do not
 * prevent.
 */
export type ProtectMatch = (path: BytePath, isDirectory: boolean, isInDoomed?: boolean) => boolean;

const mostDirectories = 10_000;

/** Filter rules in order; the first that matches decides. */
export class FilterRules {
  #rules: Compiled[] = [];

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  add(...rules: readonly (FilterRule | "clear")[]): void {
    for (const rule of rules) {
      if (rule === "clear") this.#rules = [];
      else this.#rules.push(compile(rule));
    }
  }

  /** The same rules, and more behind them. */
  with(...rules: readonly (FilterRule | "clear")[]): FilterRules {
    const all = new FilterRules();
    all.#rules = [...this.#rules];
    all.add(...rules);
    return all;
  }

  /**
   * Says for a tree what is not sent; every directory above must have been asked for before.
   *
   * @param read finds the rules that lie in directories of that tree.
   */
  excluding(read: ReadRules): PatternMatch {
    return this.#deciding(read, "sender", this.#rules);
  }

  /**
   * Says for a tree that receives what must not be deleted in it.
   *
   * @param read finds the rules that lie in directories of that tree.
   * @param deletesExcluded `--delete-excluded`: rules for both sides protect nothing.
   */
  protecting(read: ReadRules, deletesExcluded: boolean): ProtectMatch {
    const rules = this.#rules.filter(
      ({ rule }) => !deletesExcluded || rule.sides !== "both" || rule.kind === "merge each",
    );
    return this.#deciding(read, "receiver", rules);
  }

  #deciding(read: ReadRules, side: Side, rules: readonly Compiled[]): ProtectMatch {
    const perDirectory = new DirectoryRules(read, side);
    return (path, isDirectory, isInDoomed = false) => {
      for (const each of rules) {
        if (isInDoomed && each.rule.perishable) continue;
        const decided =
          each.rule.kind === "merge each"
            ? perDirectory.decide(each.rule, path, isDirectory)
            : decide(each, path, isDirectory, side);
        if (decided !== undefined) return decided === "exclude";
      }
      return false;
    };
  }

  /**
   * The rules as the daemon gets them, which protects by them what it would delete (spec 1 §6).
   *
   * @param deletesExcluded `--delete-excluded`: rules for both sides protect nothing.
   * @throws {RsyncError} BAD_OPTION for a rule that the protocol cannot say.
   */
  onWire(protocol: number, deletesExcluded: boolean): string[] {
    const told = this.#rules.filter(({ rule }) => {
      const isForBoth = rule.sides === "both" && rule.kind !== "merge each";
      return rule.sides !== "sender" && !(deletesExcluded && isForBoth);
    });
    return told.map(({ rule }) => (protocol < 29 ? bareRule(rule) : formatRule(rule)));
  }

  /**
   * The rules as a daemon gets them that sends: it leaves out what they exclude.
   *
   * @throws {RsyncError} BAD_OPTION for a rule that the protocol cannot say.
   */
  toSender(protocol: number): string[] {
    const told = this.#rules.filter(({ rule }) => rule.sides !== "receiver");
    return told.map(({ rule }) => {
      // What perishes matters to who deletes, and older protocols have no word for it.
      const known = protocol < 30 ? { ...rule, perishable: false } : rule;
      return protocol < 29 ? bareRule(known) : formatRule(known);
    });
  }
}

type Side = "sender" | "receiver";

const otherSide = { sender: "receiver", receiver: "sender" } as const;

function compile(rule: FilterRule): Compiled {
  return { rule, matches: compilePattern(rule.pattern) };
}

function decide(
  { rule, matches }: Compiled,
  path: BytePath,
  isDirectory: boolean,
  side: Side,
): "include" | "exclude" | undefined {
  if (rule.sides === otherSide[side] || matches(path, isDirectory) === rule.negated)
    return undefined;
  return rule.kind === "include" ? "include" : "exclude";
}

/** The rules that files in the directories of one tree add. */
class DirectoryRules {
  readonly #read: ReadRules;
  readonly #side: Side;
  readonly #known = new Map<string, RulesOfDirectory>();

  constructor(read: ReadRules, side: Side) {
    this.#read = read;
    this.#side = side;
  }

  decide(
    merge: FilterRule,
    path: BytePath,
    isDirectory: boolean,
  ): "include" | "exclude" | undefined {
    if (merge.hidesItself && baseName(path) === merge.pattern) return "exclude";
    for (let directory = path; directory !== ""; ) {
      directory = parentPath(directory);
      const below = (directory === "" ? path : path.slice(directory.length + 1)) as BytePath;
      const { rules, inherits } = this.#rulesIn(merge, directory);
      for (const each of rules) {
        const decided = decide(each, below, isDirectory, this.#side);
        if (decided !== undefined) return decided;
      }
      if (merge.here || !inherits) return undefined;
    }
    return undefined;
  }

  #rulesIn(merge: FilterRule, directory: BytePath): RulesOfDirectory {
    const file = joinPath(directory, merge.pattern);
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    const content = this.#read(file);
    const found = content === undefined ? noRules : readRules(merge, file, content);
    if (this.#known.size >= mostDirectories) this.#known.clear();
    this.#known.set(file, found);
    return found;
  }
}

interface RulesOfDirectory {
  readonly rules: readonly Compiled[];
  /** False behind the rule that forgets all before it. */
  readonly inherits: boolean;
}

const noRules: RulesOfDirectory = { rules: [], inherits: true };

function readRules(merge: FilterRule, file: string, content: string): RulesOfDirectory {
  const { sides } = merge;
  let inherits = true;
  let rules: Compiled[] = [];
  for (const rule of parsedRules(merge, file, content)) {
    if (rule === "clear") {
      inherits = false;
      rules = [];
    } else if (rule.kind.startsWith("merge")) {
      throw badFile(file, "one of them merges another file");
    } else {
      rules.push(compile(sides === "both" ? rule : { ...rule, sides }));
    }
  }
  return { rules, inherits };
}

function parsedRules(merge: FilterRule, file: string, content: string): (FilterRule | "clear")[] {
  try {
    return parseFilterFile(content, merge);
  } catch (cause) {
    throw badFile(file, "one of them is no rule", { cause });
  }
}

/** Says nothing of what is in the file: whoever hears it at a daemon may not be let to read it. */
function badFile(file: string, found: string, options?: ErrorOptions): RsyncError {
  const shown = displayPath(asBytePath(file));
  return new RsyncError("BAD_OPTION", `Cannot use the filter rules in ${shown}: ${found}`, options);
}
