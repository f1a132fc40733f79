import { counted } from "../amount.ts";
import type { LoadedConfig } from "../config/confxml.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, formatMistake, formatNote } from "../config/mistake.ts";
import type { Config, Remote } from "../config/schema.ts";
import { type Surroundings, thisMachine } from "../config/surroundings.ts";
import { display } from "../display.ts";
import { pageUrl } from "../status/address.ts";
import { describePlugin, withoutQuery } from "./plugin-words.ts";

/** What a subcommand that only answers has to say. */
export interface Answer {
  readonly text: string;
  /** Not 0: something is wrong; 1, or rsync's number where a daemon was asked. */
  readonly exitCode: number;
}

export interface CheckOptions {
  readonly files: readonly string[];
  readonly json: boolean;
  /** Default: this machine. */
  readonly surroundings?: Surroundings;
}

type Checked =
  | { readonly file: string; readonly loaded: LoadedConfig }
  | {
      readonly file: string;
      readonly error: ConfigError;
      /** What it would do on a machine that has all it names, if only that is missing. */
      readonly elsewhere: LoadedConfig | undefined;
    };

/** `sersync check`: what configurations would do, in words or as JSON; nothing is started. */
export function runCheck({ files, json, surroundings }: CheckOptions): Answer {
  const checked = files.map((file): Checked => {
    try {
      return { file, loaded: loadConfig(file, surroundings ? { surroundings } : {}) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { file, error, elsewhere: loadElsewhere(file, surroundings ?? thisMachine()) };
    }
  });
  const text = json
    ? JSON.stringify(checked.map(toJson), null, 2)
    : checked.map(toText).join("\n\n");
  return { text: `${text}\n`, exitCode: checked.some((each) => "error" in each) ? 1 : 0 };
}

/** Files are often checked before they are taken to the machine they are for. */
function loadElsewhere(file: string, surroundings: Surroundings): LoadedConfig | undefined {
  const none = () => undefined;
  const complete = {
    watchProblem: none,
    fileProblem: none,
    passwordProblem: none,
    passwordOddity: none,
  };
  try {
    return loadConfig(file, { surroundings: { ...surroundings, ...complete } });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function toJson(checked: Checked): unknown {
  const { file } = checked;
  const failed = "error" in checked;
  const mistakes = failed ? checked.error.mistakes : [];
  const loaded = failed ? checked.elsewhere : checked.loaded;
  if (loaded === undefined) return { file, ok: false, mistakes, notes: [] };
  const { config, notes } = loaded;
  return {
    file,
    ok: !failed,
    mistakes,
    notes,
    says: describeConfig(config),
    config: readable(config),
  };
}

/** The configuration with its byte strings decoded and without its secrets. */
function readable(config: Config): unknown {
  return JSON.parse(JSON.stringify(config), (key: string, value: unknown) => {
    if (key === "password") return "(hidden)";
    if (key === "url") return withoutQuery(String(value));
    if (key === "headers" || key === "settings") return namesOnly(value);
    return typeof value === "string" && value !== "" ? display(value) : value;
  });
}

/** People write keys into headers and settings; `{secret}` is none. */
function namesOnly(values: unknown): unknown {
  const entries = Object.entries(values as Readonly<Record<string, string>>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value.includes("{secret}") ? value : "(hidden)"]),
  );
}

function toText(checked: Checked): string {
  const { file } = checked;
  if ("error" in checked) {
    const { mistakes } = checked.error;
    const lines = mistakes.map((mistake) => formatMistake(file, mistake));
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    const verdict = [...lines, `${file}: ${count}; sersync does not start with this file`];
    if (checked.elsewhere === undefined) return verdict.join("\n");
    const title = `${file}: nothing else is wrong. What would happen:`;
    return [...verdict, ...inWords(file, checked.elsewhere, title)].join("\n");
  }
  return inWords(file, checked.loaded, `${file}: in order. What will happen:`).join("\n");
}

function inWords(file: string, { config, notes }: LoadedConfig, title: string): readonly string[] {
  return [
    ...notes.map((note) => formatNote(file, note)),
    title,
    ...describeConfig(config).map((line) => `  ${line}`),
  ];
}

/** What a configuration does, one sentence a line. */
export function describeConfig(config: Config): readonly string[] {
  return [
    ...config.sources.flatMap(({ watch, remotes }) => [
      `${display(watch)} is watched and mirrored to`,
      ...remotes.map((remote) => `  ${describeRemote(config, remote)}`),
    ]),
    `rsync options: ${config.paramsText === "" ? "none" : display(config.paramsText)}`,
    describeEvents(config),
    config.events.delete
      ? "What is deleted or moved away here is deleted there, path by path."
      : "Nothing is ever deleted at the destination.",
    ...describeGuard(config),
    ...describeFilter(config),
    describeCrontab(config),
    "What cannot be delivered is tried again until it is.",
    describePage(config),
    ...describePlugin(config),
  ];
}

function describeRemote(config: Config, remote: Remote): string {
  const { auth, ssh, timeoutSeconds } = config;
  const host = remote.host.includes(":") ? `[${remote.host}]` : display(remote.host);
  const place = ssh
    ? `${host}:${display(remote.name)} over ssh, port ${remote.port}`
    : `rsync://${host}:${remote.port}/${display([remote.module, remote.subPath].filter(Boolean).join("/"))}`;
  const user = remote.user ?? auth?.user;
  const password =
    auth?.passwordFile === undefined ? "" : `, password from ${display(auth.passwordFile)}`;
  const timeout = timeoutSeconds ? `, ${timeoutSeconds} s timeout` : "";
  return `${place}, ${user === undefined ? "without a user" : `as ${display(user)}${password}`}${timeout}`;
}

function describeEvents({ events }: Config): string {
  const names = Object.entries(events);
  const on = names.filter(([, active]) => active).map(([name]) => name);
  const off = names.filter(([, active]) => !active).map(([name]) => name);
  return `Events acted upon: ${on.join(", ")}${off.length > 0 ? `; not: ${off.join(", ")}` : ""}`;
}

function describeGuard({ events, deleteGuard = {} }: Config): readonly string[] {
  if (!events.delete) return [];
  const { share = 0.5, least = 100 } = deleteGuard;
  const empty = "An empty source deletes nothing";
  if (share === 1) return [`${empty}.`];
  const percent = Math.round(share * 100);
  return [
    `${empty}, and a comparison that would delete more than ${percent} % of a destination (and ${least} objects) asks first.`,
  ];
}

function describeFilter({ filter }: Config): readonly string[] {
  const rules = [
    ...filter.expressions.map((expression) => `regex ${display(expression)}`),
    ...filter.patterns.map(
      ({ include, pattern }) =>
        `rsync pattern ${display(pattern)} (${include ? "kept" : "left out"})`,
    ),
    ...(filter.builtin ? ["files named .x, x~ or 4913"] : []),
  ];
  if (rules.length === 0) return ["Nothing is left out; hidden files are mirrored too."];
  return [
    "Left out of events, scans, full pushes and deletes, with everything below:",
    ...rules.map((rule) => `  ${rule}`),
  ];
}

function describeCrontab({ crontab }: Config): string {
  if (crontab === undefined) return "Nothing is compared again on a schedule.";
  const { cron, everyMinutes, excludes } = crontab;
  const when =
    cron === undefined
      ? `Every ${counted(everyMinutes, "minute")}`
      : `By the schedule ${display(cron)}`;
  const without = excludes.length === 0 ? "" : `, without ${excludes.map(display).join(", ")}`;
  return `${when} everything is compared again${without}.`;
}

function describePage({ host: { ip, port } }: Config): string {
  if (port === 0) return "There is no status page.";
  return `The status page is at ${pageUrl({ ip, port })}, for whoever can reach it there.`;
}
