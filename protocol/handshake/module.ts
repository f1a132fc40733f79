import { type FailureCode, RsyncError } from "../errors.ts";
import { asBytePath, displayPath } from "../path.ts";

/** What a line means that a daemon sends after we named a module (spec 1 §1.3). */
export type ModuleReply =
  | { readonly kind: "ready" }
  | { readonly kind: "listed" }
  | { readonly kind: "challenge"; readonly challenge: string }
  | { readonly kind: "refused"; readonly error: RsyncError }
  | { readonly kind: "text"; readonly text: string };

const challengePrefix = "@RSYNCD: AUTHREQD ";

/** Sorts one line; what is no control line is MOTD text or a row of the listing. */
export function parseModuleReply(line: string): ModuleReply {
  if (line === "@RSYNCD: OK") return { kind: "ready" };
  if (line === "@RSYNCD: EXIT") return { kind: "listed" };
  if (line.startsWith(challengePrefix)) {
    return { kind: "challenge", challenge: line.slice(challengePrefix.length) };
  }
  if (line.startsWith("@ERROR")) return { kind: "refused", error: refusal(line) };
  return { kind: "text", text: line };
}

// The texts are the daemon's own (spec 1 §1.4); whatever matches none of them is a refusal too.
const refusals: readonly (readonly [RegExp, FailureCode, string])[] = [
  [/^unknown module/i, "UNKNOWN_MODULE", "check the module name against the daemon's rsyncd.conf"],
  [/^auth failed/i, "AUTH_FAILED", "check the user, the password and the module's `auth users`"],
  [/^max connections/i, "MAX_CONNECTIONS", "its `max connections` are in use"],
  [/^access denied/i, "ACCESS_REFUSED", "its `hosts allow`/`hosts deny` keep this host out"],
];

function refusal(line: string): RsyncError {
  const text = line.replace(/^@ERROR:? ?/, "").trim();
  const known = refusals.find(([pattern]) => pattern.test(text));
  const [, code, hint] = known ?? [undefined, "ACCESS_REFUSED" as const, undefined];
  const found = text === "" ? "no reason given" : displayPath(asBytePath(text));
  return new RsyncError(
    code,
    `The daemon refuses: ${found}${hint === undefined ? "" : ` (${hint})`}`,
  );
}
