import { parseRemoteShell } from "../../protocol/index.ts";
import type { FilterConfig } from "../filter/filter.ts";
import { expressionProblem, matchesNothing, patternProblem } from "../filter/rules.ts";
import { defaultEvents, type EventSwitches } from "../watch/events.ts";
import { cronProblem } from "./cron.ts";
import { quote } from "./mistake.ts";
import type { Node, Reader } from "./reader.ts";
import { parseRsyncOptions, type RsyncOptions } from "./rsync-options.ts";
import type { AuthConfig, Config, CrontabConfig } from "./schema.ts";
import { absolutePath, type Surroundings } from "./surroundings.ts";
import { splitWords } from "./words.ts";

/** `<inotify>`: at least one switch has to be on. */
export function readEvents(reader: Reader, head: Node): EventSwitches {
  const inotify = reader.child(head, "inotify");
  const names = Object.keys(defaultEvents) as (keyof EventSwitches)[];
  const entries = names.map((name) => [name, reader.switch(reader.child(inotify, name))] as const);
  if (entries.every(([, on]) => !on)) {
    reader.report.mistake(
      inotify.offset,
      `<inotify>: every event is switched off, nothing would ever be mirrored; switch on at least closeWrite`,
    );
  }
  return Object.fromEntries(entries) as Record<keyof EventSwitches, boolean>;
}

/** `commonParams`, read. */
export interface Params {
  readonly parsed: RsyncOptions;
  /** As written. */
  readonly text: string;
  /** `-e`, as words. */
  readonly remoteShell: readonly string[] | undefined;
}

/** `commonParams`, with what sersync would have pasted into a command said plainly. */
export function readParams(reader: Reader, rsync: Node): Params {
  const { value: text, offset } = reader.text(reader.child(rsync, "commonParams"), "params");
  const what = "commonParams params";
  const split = splitWords(text);
  if ("problem" in split) {
    reader.report.mistake(offset, `${what}: found ${quote(text)}; ${split.problem}`);
    return { parsed: parseRsyncOptions([]), text, remoteShell: undefined };
  }
  const parsed = parseRsyncOptions(split.words);
  for (const problem of parsed.problems) reader.report.mistake(offset, `${what}: ${problem}`);
  for (const note of parsed.notes) reader.report.note(offset, `${what}: ${note}`);
  for (const { pattern } of parsed.patterns) {
    const problem = patternProblem(pattern);
    if (problem) reader.report.mistake(offset, `${what}: found ${quote(pattern)}; ${problem}`);
  }
  for (const word of parsed.words) {
    reader.report.mistake(offset, `${what}: found ${quote(word)}; only options are allowed`);
  }
  if (parsed.options.dryRun) {
    reader.report.mistake(
      offset,
      `${what}: -n (--dry-run): a mirror does what it says; "sersync diff" tells what it would send and delete, and changes nothing`,
    );
  }
  if (parsed.options.update) {
    reader.report.warning(
      offset,
      `${what}: -u keeps a file that is newer at the destination, so a restored or older file is never mirrored`,
    );
  }
  return { parsed, text, remoteShell: readRemoteShell(reader, parsed, offset) };
}

function readRemoteShell(
  reader: Reader,
  { remoteShell }: RsyncOptions,
  offset: number,
): readonly string[] | undefined {
  if (remoteShell === undefined) return undefined;
  const split = splitWords(remoteShell);
  const problem = "words" in split ? shellProblem(split.words) : split.problem;
  if (problem === undefined && "words" in split) return split.words;
  reader.report.mistake(
    offset,
    `commonParams params: -e (--rsh): found ${quote(remoteShell)}; ${problem}`,
  );
  return undefined;
}

function shellProblem(words: readonly string[]): string | undefined {
  try {
    parseRemoteShell(words);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^.*; /s, "");
  }
}

export interface AuthContext {
  readonly parsed: RsyncOptions;
  readonly ssh: boolean;
  readonly surroundings: Surroundings;
}

/** `<auth>`, with the password file looked at; undefined when it is off. */
export function readAuth(
  reader: Reader,
  rsync: Node,
  { parsed, ssh, surroundings }: AuthContext,
): AuthConfig | undefined {
  const auth = reader.child(rsync, "auth");
  const started = reader.switch(auth);
  const users = started ? reader.text(auth, "users") : { value: "", offset: auth.offset };
  const given = started ? reader.text(auth, "passwordfile") : { value: "", offset: auth.offset };
  const file = given.value || parsed.passwordFile || "";
  if (!started && file === "") return undefined;
  const user = users.value || surroundings.userName;
  if (started && users.value === "") {
    reader.report.warning(users.offset, `auth users: it is empty; ${quote(user)} is taken`);
  }
  if (ssh) {
    reader.report.note(given.offset, "auth: over ssh only users counts; ssh has its own keys");
    return { user };
  }
  if (file === "") {
    reader.report.warning(
      given.offset,
      "auth passwordfile: it is empty; the password is taken from RSYNC_PASSWORD",
    );
    return { user };
  }
  const passwordFile = absolutePath(file, surroundings.workingDirectory);
  const problem = surroundings.passwordProblem(passwordFile);
  if (problem !== undefined) {
    reader.report.mistake(given.offset, `auth passwordfile: found ${quote(file)}; ${problem}`);
    return { user, passwordFile };
  }
  const oddity = surroundings.passwordOddity(passwordFile, user);
  if (oddity !== undefined) {
    reader.report.warning(given.offset, `auth passwordfile: ${quote(file)}: ${oddity}`);
  }
  return { user, passwordFile };
}

/** A number that only counts while its element's `start` is true. */
export function readStarted(
  reader: Reader,
  node: Node,
  attribute: string,
  kind: "port" | "seconds",
): number | undefined {
  const started = reader.switch(node);
  if (!started && isLeftOpen(node, attribute)) return undefined;
  const { value } = reader.number(node, attribute, kind);
  return started ? value : undefined;
}

/** Empty, or a placeholder: no mistake in an element that is switched off. */
function isLeftOpen(node: Node, attribute: string): boolean {
  const value = node.xml?.attributes.get(attribute.toLowerCase())?.value;
  return value === undefined || value === "" || /[{}$]/.test(value);
}

/** `<failLog>`: the path of the journal and the minutes between attempts. */
export function readFailLog(
  reader: Reader,
  sersync: Node,
  surroundings: Surroundings,
): Config["failLog"] {
  const node = reader.child(sersync, "failLog");
  const path = reader.text(node, "path");
  const retryMinutes = readMinutes(reader, node, "timeToExecute");
  if (path.value === "") {
    reader.report.mistake(path.offset, 'failLog path: found ""; allowed is the path of a file');
  }
  return { path: absolutePath(path.value, surroundings.workingDirectory), retryMinutes };
}

/** Minutes; as in sersync "" and what is not above 0 mean the default, which is said. */
function readMinutes(reader: Reader, node: Node, attribute: string): number {
  const { value, offset } = reader.text(node, attribute);
  const fallback = Number(node.rule.attributes[attribute]?.fallback);
  if (!/^(?:|-[0-9]+|0+)$/.test(value)) return reader.number(node, attribute, "minutes").value;
  reader.report.warning(
    offset,
    `${node.name} ${attribute}: found ${quote(value)}; as in sersync ${fallback} minutes are taken`,
  );
  return fallback;
}

/** `<crontab>`; undefined when it is off. Its own mistakes count in either case. */
export function readCrontab(reader: Reader, sersync: Node): CrontabConfig | undefined {
  const node = reader.child(sersync, "crontab");
  const started = reader.switch(node);
  const open = !started && isLeftOpen(node, "schedule");
  const everyMinutes = open ? 600 : readMinutes(reader, node, "schedule");
  const cron = readCron(reader, node);
  const excludes = readCrontabFilter(reader, node, started);
  if (!started) return undefined;
  return cron === "" ? { everyMinutes, excludes } : { everyMinutes, cron, excludes };
}

/** Our own attribute; "" when absent. */
function readCron(reader: Reader, node: Node): string {
  const { value, offset } = reader.text(node, "cron");
  const hasShape = /^(?:[0-9A-Za-z*,/#?-]+ +){4,5}[0-9A-Za-z*,/#?-]+$/.test(value);
  const problem = hasShape ? cronProblem(value) : "";
  if (value === "" || problem === undefined) return value;
  const because = problem === "" ? "" : ` (${problem})`;
  reader.report.mistake(
    offset,
    `crontab cron: found ${quote(value)}; allowed are five fields such as "30 4 * * *"${because}`,
  );
  return "";
}

function readCrontabFilter(reader: Reader, crontab: Node, started: boolean): string[] {
  const node = reader.child(crontab, "crontabfilter");
  const active = reader.switch(node);
  if (!active || !started) return [];
  return reader.children(node, "exclude").map((exclude) => {
    const { value, offset } = reader.text(exclude, "expression");
    const problem = patternProblem(value);
    if (problem) {
      reader.report.mistake(offset, `crontabfilter exclude: found ${quote(value)}; ${problem}`);
    } else if (/^\(\.\*\)|\\\./.test(value)) {
      reader.report.warning(
        offset,
        `crontabfilter exclude: ${quote(value)} looks like a regex, but this list takes rsync patterns such as *.gz`,
      );
    }
    return value;
  });
}

/** `<filter>` and the excludes of `commonParams`. */
export function readFilter(reader: Reader, head: Node, parsed: RsyncOptions): FilterConfig {
  const node = reader.child(head, "filter");
  const started = reader.switch(node);
  const builtin = reader.switch(node, "builtin");
  const expressions = reader.children(node, "exclude").map((exclude) => {
    const { value, offset } = reader.text(exclude, "expression");
    const problem = expressionProblem(value);
    if (problem !== undefined && started) {
      reader.report.mistake(offset, `exclude expression: found ${quote(value)}; ${problem}`);
    }
    if (problem === undefined && started && matchesNothing(value)) {
      reader.report.warning(
        offset,
        `exclude expression: ${quote(value)} matches no path; it is compared with the whole of "name" in the watched directory itself and of "/dir/name" below`,
      );
    }
    return value;
  });
  return { expressions: started ? expressions : [], patterns: parsed.patterns, builtin };
}
