import type { ClientOptions } from "./client-options.ts";
import type { Draft } from "./option-kinds.ts";
import { letters, longOptions } from "./option-table.ts";

/**
 * Reads the vector that a client sends; what it means only, not whether that is allowed.
 *
 * @param words everything, byte strings; paths stand behind a lone `.`.
 */
export function parseClientOptions(words: readonly string[]): ClientOptions {
  const draft = newDraft();
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined && word !== "."; word = rest.shift()) {
    if (word.startsWith("--")) readLong(draft, word, rest);
    else if (word.startsWith("-")) readShort(draft, word, rest);
    else draft.unknown.push(word);
  }
  const { transfer, unavailable } = draft;
  if (!draft.isPull && draft.filesFrom !== undefined) unavailable.push("--files-from of a push");
  if (!draft.isPull && draft.listOnly) unavailable.push("--list-only of a push");
  if (transfer.delete === undefined && transfer.deleteExcluded) transfer.delete = true;
  return { ...draft, paths: rest };
}

function newDraft(): Draft {
  return {
    isPull: false,
    transfer: {},
    capabilities: "",
    acknowledges: false,
    deletesMissing: false,
    ignoresMissing: false,
    checksumChoice: undefined,
    compressChoice: undefined,
    seed: 0,
    verbosity: 0,
    tellsAll: false,
    itemizes: false,
    tellsNames: false,
    listOnly: false,
    oneFileSystem: false,
    cvsExclude: false,
    refusesIncremental: false,
    filesFrom: undefined,
    filesFrom0: false,
    converts: false,
    isSecluded: false,
    unknown: [],
    unavailable: [],
    used: [],
  };
}

/** `--name`, `--name=value`, `--name value`. */
function readLong(draft: Draft, word: string, rest: string[]): void {
  const [, name = "", value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  const option = longOptions.get(name);
  if (option === undefined) {
    draft.unknown.push(`--${name}`);
    return;
  }
  draft.used.push(name);
  if ("set" in option) option.set(draft);
  else take(draft, option.take, value ?? rest.shift(), `--${name}`);
}

/** `-abc`, where a letter with a value takes what is left of the word, or the next one. */
function readShort(draft: Draft, word: string, rest: string[]): void {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] as string;
    const known = letters.get(letter);
    if (known === undefined) {
      draft.unknown.push(`-${letter}`);
      continue;
    }
    const { option, name } = known;
    draft.used.push(name);
    if ("set" in option) {
      option.set(draft);
      continue;
    }
    const value = word.slice(at + 1).replace(/^=/, "");
    take(draft, option.take, value === "" ? rest.shift() : value, `-${letter}`);
    return;
  }
}

function take(
  draft: Draft,
  set: (draft: Draft, value: string) => boolean,
  value: string | undefined,
  option: string,
): void {
  if (value === undefined || !set(draft, value)) draft.unknown.push(option);
}
