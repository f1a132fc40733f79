import { checkNames } from "./conformance.ts";
import { readDeleteGuard } from "./delete-guard.ts";
import { readTokens } from "./markup.ts";
import { ConfigError, type Note } from "./mistake.ts";
import { checkNesting } from "./nesting.ts";
import { readPluginSettings, readUsedPlugin } from "./plugin-settings.ts";
import { type Node, Reader } from "./reader.ts";
import { Report } from "./report.ts";
import type { Config, PluginName } from "./schema.ts";
import {
  readAuth,
  readCrontab,
  readEvents,
  readFailLog,
  readFilter,
  readParams,
  readStarted,
} from "./settings.ts";
import { type SourceFile, unreadable } from "./source.ts";
import { readSources } from "./sources.ts";
import type { Surroundings } from "./surroundings.ts";
import { buildTree, type XmlElement } from "./tree.ts";
import { headRule } from "./vocabulary.ts";

export interface ParseOptions {
  /** `-m`: the plugin that runs alone; remotes are then not needed. */
  readonly pluginAlone?: PluginName;
}

const rsyncPort = 873;
const sshPort = 22;

/** A configuration that can be run, and what is worth saying about it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly notes: readonly Note[];
}

/**
 * Reads sersync 2.5's confxml.xml as tolerantly as sersync did, and its mistakes as strictly as it
 * should have: all of them at once, each with its place.
 *
 * @throws {ConfigError} holding every mistake.
 */
export function parseConfxml(
  source: SourceFile,
  surroundings: Surroundings,
  options: ParseOptions,
): LoadedConfig {
  const report = new Report(source);
  const root = parseTree(source, report);
  // Damaged markup moves elements to where they do not belong: what follows from it is noise.
  if (root === undefined || report.failed) throw new ConfigError(source.file, report.mistakes);
  checkNames(root, report);
  const reader = new Reader(report, surroundings.variables);
  const config = readConfig(source.file, root, { reader, surroundings, options });
  if (report.failed) throw new ConfigError(source.file, report.mistakes);
  return { config, notes: report.notes };
}

function parseTree(source: SourceFile, report: Report): XmlElement | undefined {
  const refusal = unreadable(source);
  if (refusal !== undefined) {
    report.mistake(0, refusal);
    return undefined;
  }
  const tokens = readTokens(source.text, report);
  checkNesting(source, tokens, report);
  const first = tokens[0];
  if (first === undefined) report.mistake(0, "there is no element; the first must be <head>");
  else if (first.name.toLowerCase() !== "head") {
    report.mistake(first.offset, `found <${first.name}>; the first element must be <head>`);
  }
  return report.failed ? undefined : buildTree(tokens, report);
}

interface Context {
  readonly reader: Reader;
  readonly surroundings: Surroundings;
  readonly options: ParseOptions;
}

function readConfig(file: string, root: XmlElement, context: Context): Config {
  const { reader } = context;
  const head: Node = { name: "head", rule: headRule, xml: root, offset: root.offset };
  const sersync = reader.child(head, "sersync");
  const host = reader.child(head, "host");
  const events = readEvents(reader, head);
  const { pluginWatch, ...plugin } = readPlugins(context, head, sersync);
  noteXfs(reader, reader.child(head, "fileSystem"));
  return {
    file,
    debug: reader.switch(reader.child(head, "debug")),
    host: {
      ip: reader.text(host, "hostip").value,
      port: reader.number(host, "port", "pagePort").value,
    },
    events,
    deleteGuard: readDeleteGuard(reader, head),
    failLog: readFailLog(reader, sersync, context.surroundings),
    ...present({ crontab: readCrontab(reader, sersync) }),
    ...readDelivery(context, { head, sersync, pluginWatch, deletes: events.delete }),
    ...plugin,
  };
}

interface DeliveryContext {
  readonly head: Node;
  readonly sersync: Node;
  readonly pluginWatch: string;
  /** What has gone here is deleted there. */
  readonly deletes: boolean;
}

/** What is sent where: the parts that `commonParams` has a say in. */
function readDelivery(
  { reader, surroundings, options }: Context,
  { head, sersync, pluginWatch, deletes }: DeliveryContext,
) {
  const rsync = reader.child(sersync, "rsync");
  const { parsed, text, remoteShell } = readParams(reader, rsync);
  const ssh = reader.switch(reader.child(rsync, "ssh"));
  const port =
    readStarted(reader, reader.child(rsync, "userDefinedPort"), "port", "port") ?? parsed.port;
  const timeoutSeconds =
    readStarted(reader, reader.child(rsync, "timeout"), "time", "seconds") ??
    parsed.options.timeoutSeconds;
  const remotesOptional = options.pluginAlone !== undefined;
  const reach = { ssh, port: port ?? (ssh ? sshPort : rsyncPort) };
  const filter = readFilter(reader, head, parsed);
  const context = { reader, surroundings, remotesOptional, pluginWatch, filter, deletes };
  return {
    filter,
    sources: readSources(context, sersync, reach),
    params: parsed.options,
    paramsText: text,
    ssh,
    ...present({ auth: readAuth(reader, rsync, { parsed, ssh, surroundings }) }),
    ...present({ port, timeoutSeconds, remoteShell }),
  };
}

function readPlugins({ reader, surroundings, options }: Context, head: Node, sersync: Node) {
  const asked = readUsedPlugin(reader, sersync);
  const { pluginAlone } = options;
  const alone = pluginAlone && { name: pluginAlone, offset: head.offset };
  const used = alone ?? asked;
  const plugins = readPluginSettings({ reader, surroundings }, head, used ? [used] : []);
  const settings = used && plugins[used.name];
  const pluginWatch = settings && "watch" in settings ? settings.watch : "";
  return { plugins, pluginWatch, ...present({ plugin: asked?.name, pluginAlone }) };
}

function noteXfs(reader: Reader, fileSystem: Node): void {
  if (!reader.switch(fileSystem, "xfs")) return;
  reader.report.note(
    fileSystem.offset,
    "fileSystem xfs: accepted and not needed; directories are recognised on every file system",
  );
}

/** The properties that have a value: an optional property is absent, never undefined. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
