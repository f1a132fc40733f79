import { InvalidArgumentError } from "commander";
import { nearestWord } from "../config/spelling.ts";

/** Variables by their names, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable that is read. */
export const readVariables: readonly string[] = [
  "SERSYNC_SOURCE",
  "SERSYNC_TARGETS",
  "SERSYNC_USER",
  "SERSYNC_PASSWORD_FILE",
  "SERSYNC_PARAMS",
  "SERSYNC_EXCLUDES",
  "SERSYNC_DELETE",
  "SERSYNC_PENDING_LIMIT",
  "SERSYNC_DELETE_GUARD",
  "SERSYNC_TIMEOUT",
  "SERSYNC_RECONCILE",
  "SERSYNC_FULL_PUSH",
  "SERSYNC_SESSIONS",
  "SERSYNC_WATCHER",
  "SERSYNC_POLL_INTERVAL",
  "SERSYNC_WAIT",
  "SERSYNC_DEBUG",
  "SERSYNC_PAGE",
  "SERSYNC_READY_SHARE",
  "SERSYNC_LOG_FILE",
  "SERSYNC_PID_FILE",
  "SERSYNC_TOKEN_FILE",
  "SERSYNC_STATE_DIR",
  "SERSYNC_RUNTIME_DIR",
];

/** Kubernetes tells all containers by such names where a service called "sersync" is. */
const service = /^SERSYNC_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_\w+)?)$/;
/** What a plugin's command finds, and what it starts. */
const ofPlugin = "SERSYNC_RESULT";

/**
 * Complaints of variables that are named like ours and are not read: whoever has misspelt one would
 * not see why it has no effect.
 *
 * @param onlyNear leaves out what looks like none of ours: a configuration may name its own.
 */
export function strayVariables(
  environment: Environment,
  { onlyNear = false }: { readonly onlyNear?: boolean } = {},
): readonly string[] {
  if (environment[ofPlugin] !== undefined) return [];
  const strays = Object.keys(environment).filter(
    (name) => /^SERSYNC_/i.test(name) && !readVariables.includes(name) && !service.test(name),
  );
  return strays.flatMap((name) => {
    const near = nearestWord(name, readVariables);
    if (near !== undefined) return [`${name} is no variable of sersync; did you mean ${near}?`];
    return onlyNear ? [] : [`${name} is no variable of sersync, and is passed over`];
  });
}

/**
 * What a variable holds; undefined when it is unset or empty.
 *
 * @throws {InvalidArgumentError} as `parse` does, with the variable's name.
 */
export function variableOf<T>(
  name: string,
  environment: Environment,
  parse: (text: string) => T,
): T | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  try {
    return parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new InvalidArgumentError(`${name}: found ${JSON.stringify(text)}; ${message}`);
  }
}
