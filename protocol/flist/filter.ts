import type { BytePath } from "../path.ts";
import { DirectoryRules, type RulePlace, wholePath } from "./directory-rules.ts";
import { ruleOnWire } from "./filter-file.ts";
import type { FilterRule, FilterStep } from "./filter-rule.ts";
import type { PatternMatch } from "./pattern.ts";
import {
  type CompiledRule,
  compileRule,
  decideRule,
  isFor,
  type ReadRules,
  type RuleSide,
} from "./rule-match.ts";

/**
 * Says what stays; `isInDoomed`: what is around it is being deleted, which perishable rules do not
 * prevent.
 */
export type ProtectMatch = (path: BytePath, isDirectory: boolean, isInDoomed?: boolean) => boolean;

const sending: RuleSide = { side: "sender", deletesExcluded: false };

/** Filter rules in order; the first that matches decides. */
export class FilterRules {
  #rules: CompiledRule[] = [];

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** @throws {RsyncError} BAD_OPTION for a rule that must be expanded first. */
  add(...rules: readonly FilterStep[]): void {
    for (const rule of rules) {
      if (rule === "clear") this.#rules = [];
      else this.#rules.push(compileRule(rule));
    }
  }

  /** The same rules, and more behind them. */
  with(...rules: readonly FilterStep[]): FilterRules {
    const all = new FilterRules();
    all.#rules = [...this.#rules];
    all.add(...rules);
    return all;
  }

  /**
   * Says for a tree what is not sent; every directory above must have been asked for before.
   *
   * @param read finds the rules that lie in directories of that tree.
   * @param place what is around the tree. Default: nothing.
   */
  excluding(read: ReadRules, place?: RulePlace): PatternMatch {
    return this.#deciding(read, sending, place);
  }

  /**
   * Says for a tree that receives what must not be deleted in it.
   *
   * @param read finds the rules that lie in directories of that tree.
   * @param deletesExcluded `--delete-excluded`: rules for both sides protect nothing.
   */
  protecting(read: ReadRules, deletesExcluded: boolean): ProtectMatch {
    return this.#deciding(read, { side: "receiver", deletesExcluded });
  }

  /**
   * Says of a list that came what its sender should have left out.
   *
   * @returns undefined where no rule is about it, or where only the sender can say: rules that lie
   *   in its directories, or count from its root.
   */
  hiding(): PatternMatch | undefined {
    const rules = this.#rules.filter(({ rule }) => isAboutFiles(rule) && isFor(rule, sending));
    const isTheirs = rules.some(({ rule }) => rule.kind === "merge each" || rule.absolute);
    if (rules.length === 0 || isTheirs) return undefined;
    return this.#deciding(() => undefined, sending);
  }

  /**
   * Says which extended attributes are sent.
   *
   * @returns undefined where no rule is about them.
   */
  sendsAttribute(): ((name: string) => boolean) | undefined {
    const rules = this.#rules.filter(({ rule }) => rule.attributes && rule.kind !== "merge each");
    if (rules.length === 0) return undefined;
    return (name) => {
      for (const { rule, matches } of rules) {
        const isMeant = rule.sides !== "receiver" && matches(name as BytePath, false);
        if (isMeant !== rule.negated) return rule.kind === "include";
      }
      return true;
    };
  }

  #deciding(read: ReadRules, asked: RuleSide, place?: RulePlace): ProtectMatch {
    const rules = this.#rules.filter(({ rule }) => isAboutFiles(rule) && isFor(rule, asked));
    const perDirectory = new DirectoryRules(read, asked, place);
    const root = place?.root ?? "";
    return (path, isDirectory, isInDoomed = false) => {
      for (const each of rules) {
        if (isInDoomed && each.rule.perishable) continue;
        const decided =
          each.rule.kind === "merge each"
            ? perDirectory.decide(each.rule, path, isDirectory)
            : decideRule(each, each.rule.absolute ? wholePath(root, path) : path, isDirectory);
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
    const told = this.#rules.filter(
      ({ rule }) =>
        isFor(rule, { side: "receiver", deletesExcluded }) && !addedThere(rule, protocol),
    );
    return told.map(({ rule }) => ruleOnWire(rule, protocol));
  }

  /**
   * The rules as a daemon gets them that sends: it leaves out what they exclude.
   *
   * @throws {RsyncError} BAD_OPTION for a rule that the protocol cannot say.
   */
  toSender(protocol: number): string[] {
    const told = this.#rules.filter(({ rule }) => rule.sides !== "receiver" && !rule.implied);
    return told.map(({ rule }) => {
      // What perishes matters to who deletes, and older protocols have no word for it.
      const known = protocol < 30 ? { ...rule, perishable: false } : rule;
      return ruleOnWire(known, protocol);
    });
  }
}

function isAboutFiles({ attributes, kind }: FilterRule): boolean {
  return !attributes || kind === "merge each";
}

/** Daemons add what lies in their directories when they are told `-C`, before protocol 29 only. */
function addedThere({ implied, kind }: FilterRule, protocol: number): boolean {
  return implied && kind === "merge each" && protocol < 29;
}
