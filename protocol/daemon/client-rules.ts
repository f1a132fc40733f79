import { RsyncError } from "../errors.ts";
import { FilterRules } from "../flist/filter.ts";
import {
  type FilterStep,
  impliedCvsRules,
  parseFilterRule,
  parsePatternRule,
} from "../flist/filter-rule.ts";
import { expandRule } from "../source/rule-files.ts";
import { readInt32 } from "../wire/int.ts";
import type { ClientSession } from "./client-session.ts";
import { SessionFailure } from "./refusal.ts";

const longestRule = 5_120;
const mostRuleBytes = 1024 * 1024;
const mostRules = 50_000;

/**
 * Reads the client's filter rules: `(length rule)* 0` (spec 1 §6).
 *
 * @throws {RsyncError} BAD_STREAM for more than the limits. @throws {SessionFailure} for a rule that
 *   is none: it may keep something from being deleted.
 */
export async function readClientRules(session: ClientSession): Promise<FilterRules> {
  const { agreement } = session;
  const rules = new FilterRules();
  for (let bytes = 0, count = 0; ; count += 1) {
    const length = await session.readFirst(readInt32);
    if (length === 0) return rules.with(...ownRules(session));
    bytes += length;
    if (length < 0 || length > longestRule || bytes > mostRuleBytes || count > mostRules) {
      const found = `rule ${count} of ${length} bytes, of ${bytes} in all`;
      throw new RsyncError("BAD_STREAM", `Cannot take filter rules: ${found}`);
    }
    const text = await session.readFirst((from) => from.latin1(length));
    rules.add(parseRule(text, agreement.protocol));
  }
}

/**
 * What `-C` means to whoever sends, or cannot be told of files in directories. Nobody's home is
 * looked at: a daemon has none.
 */
function ownRules({ agreement, options }: ClientSession): FilterStep[] {
  const { cvsExclude, isPull } = options;
  if (!cvsExclude) return [];
  const files = { read: () => "", environment: {} };
  const known = impliedCvsRules().filter(
    ({ kind }) => isPull || (kind === "merge each" && agreement.protocol < 29),
  );
  return known.flatMap((rule) => expandRule(rule, files));
}

function parseRule(text: string, protocol: number): ReturnType<typeof parseFilterRule> {
  try {
    const rule = protocol < 29 ? parsePatternRule("exclude", text) : parseFilterRule(text);
    if (rule !== "clear" && rule.kind === "merge") throw new Error("it merges a file of yours");
    return rule;
  } catch (error) {
    throw new SessionFailure(1, (error as Error).message, { cause: error });
  }
}
