import type { TransferOptions } from "../options.ts";
import type { Draft } from "./option-kinds.ts";
import { letters, longOptions } from "./option-table.ts";

/** What a client asks for: its options, as they are sent to a server (spec 1 §2). */
export interface ClientOptions {
  /** It pulls: we are the sender. */
  readonly isPull: boolean;
  readonly transfer: TransferOptions;
  /** What stands behind `-e.`: what the client understands. */
  readonly capabilities: string;
  /** `--remove-source-files`: it hears of each entry that is in place. */
  readonly acknowledges: boolean;
  /** `--delete-missing-args`: entries of mode 0 delete their names. */
  readonly deletesMissing: boolean;
  readonly ignoresMissing: boolean;
  /** Names that are not negotiated; undefined where they are. */
  readonly checksumChoice: string | undefined;
  readonly compressChoice: string | undefined;
  /** Not 0: the seed of block checksums. */
  readonly seed: number;
  readonly verbosity: number;
  /** What is as it should be is told, too. */
  readonly tellsAll: boolean;
  /** The format of its lines has `%i`. */
  readonly itemizes: boolean;
  /** `-v` or an output format: it wants to hear what is made. */
  readonly tellsNames: boolean;
  readonly listOnly: boolean;
  readonly oneFileSystem: boolean;
  readonly cvsExclude: boolean;
  /** `--no-i-r`, `--use-qsort`, `--no-recursive`. */
  readonly refusesIncremental: boolean;
  /** `--files-from`: "-" comes from the client, anything else lies in the module. */
  readonly filesFrom: string | undefined;
  /** Its names end with NULs. */
  readonly filesFrom0: boolean;
  /** `--iconv`: names are told in UTF-8, and are here as the module says. */
  readonly converts: boolean;
  /** `-s`: these are not all, a second vector follows. */
  readonly isSecluded: boolean;
  /** Options that nobody knows, as they were written. */
  readonly unknown: readonly string[];
  /** Options that this daemon knows, and has not. */
  readonly unavailable: readonly string[];
  /** All options, by their long names, or one letter where there is none. */
  readonly used: readonly string[];
  readonly paths: readonly string[];
}

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
