import { compilePattern } from "../../flist/pattern.ts";
import { asBytePath } from "../../path.ts";
import { optionAliases, optionLetters, optionNames } from "./option-names.ts";

/** Wildcards leave these alone: without them no rsync could speak to a daemon. */
const vital: ReadonlySet<string> = new Set([
  "server",
  "sender",
  "rsh",
  "e",
  "out-format",
  "log-format",
  "dry-run",
  "n",
  "secluded-args",
  "protect-args",
  "s",
  "from0",
  "0",
  "iconv",
  "no-iconv",
  "checksum-seed",
  "write-devices",
  "copy-devices",
]);

/** Names by which `archive` stands for more than itself. */
const archive: ReadonlySet<string> = new Set(["a", "archive"]);
const archiveLetters = "rdlptgoD";

/** Refused unless the list takes them out, and refused whatever it says. */
const refusedAtFirst = ["write-devices", "copy-devices"];
const refusedAlways = ["log-file", "log-file-format"];

/** What an option means besides itself. */
const implied: Readonly<Record<string, string>> = {
  "delete-before": "delete",
  "delete-during": "delete",
  "delete-delay": "delete",
  "delete-after": "delete",
  "delete-excluded": "delete",
  "delete-missing-args": "delete",
  append: "inplace",
  "append-verify": "inplace",
  "compress-level": "compress",
  "old-compress": "compress",
  "new-compress": "compress",
  "compress-choice": "compress",
};

/** Who pulls with it deletes at the daemon; who pushes, at home. */
const impliedInPulls: Readonly<Record<string, string>> = {
  ...implied,
  "remove-source-files": "delete",
};

/** `--delete` alone is the first of these that is not refused. */
const plainDelete = ["delete-during", "delete-before"] as const;

/** Options that a module refuses, `refuse options` in rsyncd.conf(5). */
export class RefusedOptions {
  /** By name; of options without one by letter. */
  readonly #refused: Set<string> = new Set([...refusedAtFirst, ...refusedAlways]);

  /** @param terms names or letters with wildcards; `!` in front takes options out again. */
  constructor(terms: readonly string[]) {
    for (const term of terms) this.#apply(term);
    for (const name of refusedAlways) this.#refused.add(name);
  }

  /**
   * Looks at the options with which a client starts a server.
   *
   * @param used their names without dashes, or letters; as they were understood, not as they were
   *   written: what is a value there must not hide an option here.
   * @param isPull what is pulled leaves from here. Default true.
   * @returns the first option that is refused, as rsync names it; undefined when none is.
   */
  refusal(
    used: readonly string[],
    { isPull = true }: { readonly isPull?: boolean } = {},
  ): string | undefined {
    const meant = isPull ? impliedInPulls : implied;
    for (const option of used.map(nameOf)) {
      const found = [meant[option] ?? option, option].find((each) => this.#refused.has(each));
      if (found !== undefined) return shown(found);
      if (option === "delete" && plainDelete.every((each) => this.#refused.has(each))) {
        return shown(plainDelete[1]);
      }
    }
    return undefined;
  }

  #apply(term: string): void {
    const isNegated = term.startsWith("!");
    const pattern = isNegated ? term.slice(1) : term;
    const hasWildcards = /[*?[]/.test(pattern);
    const change = (name: string): void => {
      if (isNegated) this.#refused.delete(name);
      else this.#refused.add(name);
    };
    if (archive.has(pattern)) for (const letter of archiveLetters) change(nameOf(letter));
    if (!hasWildcards) {
      change(nameOf(pattern));
      return;
    }
    const matches = compilePattern(`/${pattern}`);
    for (const { name, letter } of optionNames) {
      const known = [name, letter].filter((each) => each !== undefined);
      if (known.some((each) => vital.has(each))) continue;
      if (known.some((each) => matches(asBytePath(each), false)))
        change(name ?? (letter as string));
    }
  }
}

/** The name that an option is kept under, from any of its names or its letter. */
function nameOf(option: string): string {
  return optionLetters.get(option) ?? optionAliases.get(option) ?? option;
}

function shown(name: string): string {
  const letter = optionNames.find((each) => each.name === name)?.letter;
  if (name.length === 1) return `-${name}`;
  return letter === undefined ? `--${name}` : `--${name} (-${letter})`;
}
