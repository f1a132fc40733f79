import { RsyncError } from "../errors.ts";
import { pathFromText } from "../path.ts";

/** What one of the sender's owners is here; the first rule that fits decides. */
export interface OwnerRule {
  /** @param name a byte string; empty where the sender has none. */
  matches(id: number, name: string): boolean;
  readonly id: number;
}

/** Finds an id by its name, a byte string. */
export type FindId = (name: string) => number | undefined;

const most = 0xffff_ffff;

/**
 * Reads `--usermap` and `--groupmap`: `FROM:TO` behind commas. FROM is an id, a range of ids, a
 * name, perhaps with wildcards, or nothing for an id without name; TO an id or a name of ours.
 *
 * @throws {RsyncError} BAD_OPTION
 */
export function parseOwnerRules(text: string, findId: FindId): OwnerRule[] {
  return text.split(",").map((rule) => {
    const [, from, to] = /^([^:]*):([^:]+)$/.exec(rule) ?? [];
    if (from === undefined || to === undefined) throw badRule(rule, "it is not FROM:TO");
    const id = /^\d+$/.test(to) ? Number(to) : findId(pathFromText(to));
    if (id === undefined) throw badRule(rule, `${to} is not known here`);
    if (id > most) throw badRule(rule, `${to} is no id`);
    return { id, matches: matcherOf(from, findId) };
  });
}

function matcherOf(from: string, findId: FindId): OwnerRule["matches"] {
  const range = /^(\d+)(?:-(\d+))?$/.exec(from);
  if (range !== null) {
    const low = Number(range[1]);
    const high = Number(range[2] ?? low);
    return (id) => id >= low && id <= high;
  }
  const wanted = pathFromText(from);
  if (/[*?[]/.test(wanted)) {
    const pattern = wildcard(wanted);
    return (_, name) => pattern.test(name);
  }
  // The name of id 0 may not have been told: it is the same everywhere.
  return (id, name) => name === wanted || (id === 0 && wanted !== "" && findId(wanted) === 0);
}

/** `*`, `?` and `[…]`, which is all that names of owners need. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replaceAll(/\[(!|\^)?([^\]]+)\]|[\s\S]/g, (found, not, letters) => {
    if (letters !== undefined)
      return `[${not ? "^" : ""}${letters.replaceAll(/[\\\]^]/g, "\\$&")}]`;
    if (found === "*") return "[\\s\\S]*";
    if (found === "?") return "[\\s\\S]";
    return found.replace(/[.+^${}()|[\]\\/-]/, "\\$&");
  });
  return new RegExp(`^${source}$`);
}

function badRule(rule: string, found: string): RsyncError {
  return new RsyncError("BAD_OPTION", `Cannot map owners by ${JSON.stringify(rule)}: ${found}`);
}
