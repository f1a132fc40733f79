import type { TransferOptions } from "../../protocol/index.ts";
import type { PatternRule } from "../filter/filter.ts";
import type { OptionEffect, OptionRule } from "./option-rule.ts";
import { optionTable } from "./option-table.ts";
import { readValue } from "./option-value.ts";
import type { OptionsDraft } from "./options-draft.ts";
import { nearestWord } from "./spelling.ts";

/** What a list of rsync options says. */
export interface RsyncOptions {
  readonly options: TransferOptions;
  /** `--exclude`, `--include` and simple `--filter` rules in order; the first match decides. */
  readonly patterns: readonly PatternRule[];
  /** The words that are not options. */
  readonly words: readonly string[];
  readonly port?: number;
  readonly passwordFile?: string;
  /** `-e`, still to be split into words. */
  readonly remoteShell?: string;
  /** Options that are accepted and change nothing, with the reason; one sentence each. */
  readonly notes: readonly string[];
  /** What cannot be done, one sentence each; anything here means the list must not be used. */
  readonly problems: readonly string[];
  /** What rsync exits with for them; default 1. */
  readonly exitCode?: number;
}

/** Options by their names. */
class Rules {
  readonly byLong: ReadonlyMap<string, OptionRule>;
  readonly byShort: ReadonlyMap<string, OptionRule>;

  constructor(table: readonly OptionRule[]) {
    this.byLong = new Map(table.map((rule) => [rule.long, rule]));
    this.byShort = new Map(
      table.flatMap((rule) => (rule.short === undefined ? [] : [[rule.short, rule]])),
    );
  }
}

const ofMirror = new Rules(optionTable);

/**
 * Reads rsync's own options under rsync's own names: bundles (`-artuz`, `-B4096`), `--name=value`,
 * `--name value`, `--no-name`. What sersync cannot do is refused by name, never passed over.
 *
 * @param own options that mean something else here than to a mirror.
 */
export function parseRsyncOptions(
  args: readonly string[],
  own: readonly OptionRule[] = [],
): RsyncOptions {
  const rules = own.length === 0 ? ofMirror : new Rules([...optionTable, ...own]);
  const draft: OptionsDraft = {
    options: {},
    patterns: [],
    words: [],
    compressions: 0,
    notes: [],
    problems: [],
  };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") draft.words.push(...rest.splice(0));
    else if (word.startsWith("--")) readLong(word.slice(2), rest, draft, rules);
    else if (word.startsWith("-") && word !== "-") readBundle(word.slice(1), rest, draft, rules);
    else draft.words.push(word);
  }
  return draft;
}

function readLong(text: string, rest: string[], draft: OptionsDraft, rules: Rules): void {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const attached = equals < 0 ? undefined : text.slice(equals + 1);
  const rule = rules.byLong.get(name);
  if (rule) apply(rule.effect, { shown: `--${name}`, attached }, rest, draft);
  else if (attached !== undefined || !negate(name, draft, rules)) {
    reportUnknown(name, draft, rules);
  }
}

/** `--no-times`, `--no-t`. */
function negate(name: string, draft: OptionsDraft, { byLong, byShort }: Rules): boolean {
  if (!name.startsWith("no-")) return false;
  const positive = name.slice(3);
  const effect = (byLong.get(positive) ?? byShort.get(positive))?.effect;
  if (effect?.does === "switch") {
    for (const key of effect.sets) draft.options[key] = false;
    return true;
  }
  // Switching off what is not there anyway.
  return effect?.does === "refused" && !effect.takesValue;
}

function readBundle(letters: string, rest: string[], draft: OptionsDraft, rules: Rules): void {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at] ?? "";
    const rule = rules.byShort.get(letter);
    if (rule === undefined) {
      draft.problems.push(`-${letter}: rsync has no such option`);
    } else if (takesValue(rule.effect)) {
      const attached = letters.slice(at + 1).replace(/^=/, "") || undefined;
      apply(rule.effect, { shown: `-${letter}`, attached }, rest, draft);
      return;
    } else {
      apply(
        rule.effect,
        { shown: `-${letter} (--${rule.long})`, attached: undefined },
        rest,
        draft,
      );
    }
  }
}

function takesValue(effect: OptionEffect): boolean {
  return effect.does === "value" || ("takesValue" in effect && effect.takesValue);
}

interface Given {
  readonly shown: string;
  readonly attached: string | undefined;
}

function apply(effect: OptionEffect, given: Given, rest: string[], draft: OptionsDraft): void {
  const { shown, attached } = given;
  const value = takesValue(effect) ? (attached ?? rest.shift()) : undefined;
  if (takesValue(effect) && value === undefined) {
    draft.problems.push(`${shown} needs a value`);
    return;
  }
  if (!takesValue(effect) && attached !== undefined) {
    draft.problems.push(`${shown} takes no value, but has ${JSON.stringify(attached)}`);
    return;
  }
  if (effect.does === "switch") for (const key of effect.sets) draft.options[key] = true;
  else if (effect.does === "set") assign(draft, effect.values);
  else if (effect.does === "value") readValue(effect.reads, shown, value ?? "", draft);
  else if (effect.does === "own") {
    const allowed = effect.apply(value ?? "", draft);
    if (allowed !== undefined) {
      draft.problems.push(`${shown}: found ${JSON.stringify(value ?? "")}; allowed is ${allowed}`);
    }
  } else if (effect.does === "refused") {
    draft.problems.push(`${shown} is not available: ${effect.because}`);
  } else if (effect.because !== "") {
    draft.notes.push(`${shown} has no effect: ${effect.because}`);
  }
}

/** A bare `--delete` keeps the more exact form said before it, as in rsync. */
function assign({ options }: OptionsDraft, values: Partial<TransferOptions>): void {
  if (values.delete === true) options.delete ||= true;
  else Object.assign(options, values);
}

function reportUnknown(name: string, draft: OptionsDraft, { byLong }: Rules): void {
  const near = nearestWord(name, byLong.keys());
  const advice = near === undefined ? "" : `; did you mean --${near}?`;
  draft.problems.push(`--${name}: rsync has no such option${advice}`);
}
