import { lstatSync, type Stats } from "node:fs";
import { asBytePath, type BytePath, displayPath, nativePath } from "../../protocol/index.ts";
import { counted } from "../amount.ts";
import { configFromSettings } from "../config/direct.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { absolutePath, surroundingsFor, thisMachine } from "../config/surroundings.ts";
import { display } from "../display.ts";
import { compileRules } from "../filter/rules.ts";
import type { Change } from "../watch/change.ts";
import { openWatcher, type Watcher, type WatcherState } from "../watch/watcher.ts";
import type { PrintCommand } from "./command.ts";

/** A directory, and what of it is reported. */
interface Printed {
  /** A byte string. */
  readonly watch: string;
  readonly config: Config;
}

/** What one line says, with the words for a person and the fields for a program. */
interface Line {
  readonly watch: string;
  readonly what: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface PrintOptions {
  readonly write: (line: string) => void;
  /** Printing goes on until this resolves. */
  readonly until: Promise<unknown>;
}

/**
 * `sersync watch DIR --print`: tells each change that a mirror would look at, with the effect of event
 * switches and filters; nothing is mirrored.
 *
 * @throws {ConfigError} when the configuration or the flags cannot be understood.
 * @throws {Error} when a directory cannot be watched.
 */
export async function printChanges(
  command: PrintCommand,
  { write, until }: PrintOptions,
): Promise<void> {
  const printed = printedBy(command);
  const tell = (line: Line): void => {
    const { watch, what, text, fields } = line;
    const now = new Date();
    if (command.json) {
      write(`${JSON.stringify({ time: now.toISOString(), watch, what, ...fields })}\n`);
    } else {
      const where = printed.length > 1 ? `${watch}: ` : "";
      write(`${localTime(now)} ${what.padEnd(9)} ${where}${text}\n`);
    }
  };
  const watchers = printed.map((each) => startPrinting(each, command, tell));
  try {
    await Promise.race([until, Promise.all(watchers.map(({ ready }) => ready)).then(() => until)]);
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.close()));
  }
}

/** What is watched, from files, or from flags alone. */
function printedBy({ files, settings, wait = false }: PrintCommand): Printed[] {
  const surroundings = surroundingsFor({ wait });
  const { source } = settings;
  if (files.length === 0) {
    // The address is never called: nothing is mirrored.
    const targets = [{ host: "127.0.0.1", name: "none" }];
    const { config } = configFromSettings(
      { ...settings, source: source ?? ".", targets },
      surroundings,
    );
    return config.sources.map(({ watch }) => ({ watch, config }));
  }
  const configs = files.map((file) => loadConfig(file, { surroundings }).config);
  if (source === undefined) {
    return configs.flatMap((config) => config.sources.map(({ watch }) => ({ watch, config })));
  }
  const watch = absolutePath(
    asBytePath(Buffer.from(source).toString("latin1")),
    workingDirectory(),
  );
  return configs.map((config) => ({ watch, config }));
}

function workingDirectory(): string {
  return thisMachine().workingDirectory;
}

function startPrinting(
  { watch, config }: Printed,
  { watcher, wait = false, pollIntervalMs }: PrintCommand,
  tell: (line: Line) => void,
): Watcher {
  const rules = compileRules(config.filter);
  const shown = display(watch);
  tell(settingsLine(shown, config));
  return openWatcher({
    root: watch,
    events: config.events,
    excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
    backend: watcher,
    waitForRoot: wait,
    willScan: true,
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    onChanges: (changes) => {
      for (const change of changes) tell(changeLine(shown, watch, change));
    },
    onState: (state) => tell(stateLine(shown, state)),
  });
}

function settingsLine(watch: string, { events, filter }: Config): Line {
  const on = Object.entries(events).flatMap(([name, isOn]) => (isOn ? [name] : []));
  const { builtin, expressions, patterns } = filter;
  const rules = expressions.length + patterns.length + (builtin ? 1 : 0);
  const text = `${on.join(", ") || "nothing"} counts; ${rules === 1 ? "1 filter rule" : `${rules} filter rules`}`;
  return { watch, what: "settings", text, fields: { events: on.join(" "), rules } };
}

function stateLine(watch: string, { kind, message }: WatcherState): Line {
  return {
    watch,
    what: kind === "source gone" ? "missing" : kind,
    text: message,
    fields: { message },
  };
}

function changeLine(watch: string, root: string, change: Change): Line {
  if (change.kind === "renamed") {
    const [from, to] = [displayPath(change.from), displayPath(change.to)];
    const text = `${from} -> ${to}${change.isDirectory ? ", with everything below" : ""}`;
    return { watch, what: "renamed", text, fields: { from, to } };
  }
  const stats = statOf(root, change.path);
  const path = displayPath(change.path);
  const is = typeOf(stats);
  const size = stats?.isFile() ? { size: stats.size } : {};
  const text = `${path}${is === "file" ? ` (${counted(stats?.size ?? 0, "byte")})` : ""}${reasonOf(change, is)}`;
  const what = is === "gone" ? "gone" : change.kind === "tree" ? "tree" : is;
  return { watch, what, text, fields: { path, is, ...size } };
}

function reasonOf({ kind, path }: Change & { readonly path: BytePath }, is: string): string {
  if (is === "gone") return ": deleted or moved away";
  if (kind !== "tree") return "";
  if (path === "") return ": everything is compared";
  return ": new, moved here or looked at again; everything below it is compared";
}

function statOf(root: string, path: BytePath): Stats | undefined {
  try {
    return lstatSync(nativePath(root, path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function typeOf(stats: Stats | undefined): string {
  if (stats === undefined) return "gone";
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "special";
}

function localTime(now: Date): string {
  const two = (number: number): string => `${number}`.padStart(2, "0");
  const ms = `${now.getMilliseconds()}`.padStart(3, "0");
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${ms}`;
}
