import { type Command as Commander, InvalidArgumentError } from "commander";
import { parseDaemonUrl, RsyncError } from "../../protocol/index.ts";
import type { MirrorSettings, TargetSettings } from "../config/template.ts";
import { parsePageAddress, type StatusAddress } from "../status/address.ts";
import { type Environment, variableOf } from "./variables.ts";

/** The flags of `watch` and `init`, as commander hands them over. */
export interface SettingsFlags {
  readonly passwordFile?: string;
  readonly user?: string;
  readonly exclude?: readonly string[];
  readonly params?: string;
  readonly delete?: boolean;
  readonly timeout?: number;
  readonly reconcile?: number;
  readonly debug?: boolean;
  readonly page?: StatusAddress;
}

/** Adds the flags that say what is mirrored; {@link settingsFrom} reads them. */
export function addSettings(command: Commander): Commander {
  return command
    .argument("[source]", "the directory to watch (SERSYNC_SOURCE)")
    .argument("[urls...]", "rsync://[user@]host[:port]/module[/dir] (SERSYNC_TARGETS)")
    .option("--password-file <file>", "its first line is the password (SERSYNC_PASSWORD_FILE)")
    .option("--user <name>", "who to log in as (SERSYNC_USER)")
    .option("--exclude <pattern>", "rsync pattern to leave out (SERSYNC_EXCLUDES)", collect)
    .option("--params <options>", "rsync options, default -a (SERSYNC_PARAMS)")
    .option("--no-delete", "never delete at the destination (SERSYNC_DELETE=false)")
    .option("--timeout <seconds>", "give up on a silent daemon (SERSYNC_TIMEOUT)", parseCount)
    .option("--reconcile <minutes>", "compare all again so often (SERSYNC_RECONCILE)", parseCount)
    .option("--debug", "say more (SERSYNC_DEBUG=true)")
    .option("--page <address>", `${pageWords} (SERSYNC_PAGE)`, parsePage);
}

const pageWords = "where the status page is, default localhost:8008, off: nowhere";

/** An address of the status page, as an option's value. */
export function parsePage(text: string): StatusAddress {
  const address = parsePageAddress(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError("HOST:PORT, PORT or off is needed.");
}

/** The address that SERSYNC_PAGE holds; undefined when it is unset or empty. */
export function pageFrom(environment: Environment): StatusAddress | undefined {
  return variableOf("SERSYNC_PAGE", environment, parsePage);
}

/** Words of an option that may be repeated. */
export function collect(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word];
}

/** A number from 1 on, as an option's value. */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError("a number from 1 to 999999 is needed.");
  }
  return Number(text);
}

/**
 * What arguments and flags say, or else the environment.
 *
 * @throws {InvalidArgumentError} naming the address or variable that cannot be understood.
 */
export function settingsFrom(
  words: { readonly source: string | undefined; readonly urls: readonly string[] },
  flags: SettingsFlags,
  environment: Environment,
): Partial<MirrorSettings> {
  const variable = (name: string): string | undefined =>
    environment[`SERSYNC_${name}`] || undefined;
  const urls = words.urls.length > 0 ? words.urls : listOf(variable("TARGETS"));
  const source = words.source ?? variable("SOURCE");
  const deletes =
    flags.delete === false ? false : (switchFrom("SERSYNC_DELETE", environment) ?? true);
  return withoutUndefined({
    source,
    targets: urls.length > 0 ? urls.map(targetFrom) : undefined,
    params: flags.params ?? variable("PARAMS"),
    excludes: flags.exclude ?? listOf(variable("EXCLUDES")),
    deletes,
    user: flags.user ?? variable("USER"),
    passwordFile: flags.passwordFile ?? variable("PASSWORD_FILE"),
    timeoutSeconds: flags.timeout ?? countFrom("SERSYNC_TIMEOUT", environment),
    reconcileMinutes: flags.reconcile ?? countFrom("SERSYNC_RECONCILE", environment),
    page: flags.page ?? pageFrom(environment),
    debug: flags.debug ?? switchFrom("SERSYNC_DEBUG", environment) ?? false,
  });
}

/** The count a variable holds; undefined when it is unset or empty. */
export function countFrom(name: string, environment: Environment): number | undefined {
  return variableOf(name, environment, parseCount);
}

const switchWords: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

/** The switch a variable holds; undefined when it is unset or empty. */
export function switchFrom(name: string, environment: Environment): boolean | undefined {
  return variableOf(name, environment, parseSwitch);
}

function parseSwitch(text: string): boolean {
  const value = switchWords[text.trim().toLowerCase()];
  if (value === undefined) throw new InvalidArgumentError("true or false is needed.");
  return value;
}

/** An rsync address as settings. */
export function targetFrom(url: string): TargetSettings {
  try {
    const { host, port, module, directory = "", user } = parseDaemonUrl(url);
    const name = directory === "" ? module : `${module}/${directory}`;
    return withoutUndefined({ host, port, name, user });
  } catch (error) {
    if (error instanceof RsyncError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function listOf(text: string | undefined): readonly string[] {
  return text?.split(/[ \t\n]+/).filter((word) => word !== "") ?? [];
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Optional properties are absent, never undefined. */
function withoutUndefined<T extends object>(values: T): Defined<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
