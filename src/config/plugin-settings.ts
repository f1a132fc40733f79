import { expressionProblem } from "../filter/rules.ts";
import { quote } from "./mistake.ts";
import type { Located, Node, Reader } from "./reader.ts";
import {
  type CommandPlugin,
  type HttpPlugin,
  type PluginName,
  type PluginSettings,
  pluginNames,
  type RefreshCdnPlugin,
  type SocketPlugin,
} from "./schema.ts";
import { nearestWord } from "./spelling.ts";
import { absolutePath, type Surroundings } from "./surroundings.ts";
import { splitWords } from "./words.ts";

/** What the readers of the sections need. */
export interface PluginContext {
  readonly reader: Reader;
  readonly surroundings: Surroundings;
}

/** The plugin that `<sersync><plugin start="true" name=…/>` asks for; undefined when it is off. */
export function readPluginName(reader: Reader, sersync: Node): PluginName | undefined {
  const node = reader.child(sersync, "plugin");
  if (!reader.switch(node)) return undefined;
  const { value, offset } = reader.text(node, "name");
  const name = pluginNames.find((known) => known === value);
  if (name !== undefined) return name;
  const near = nearestWord(value, pluginNames);
  reader.report.mistake(
    offset,
    `plugin name: found ${quote(value)}; allowed are ${pluginNames.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
  );
  return undefined;
}

/** The sections of the plugins that are used; the others may be absent or unfinished. */
export function readPluginSettings(
  context: PluginContext,
  head: Node,
  used: readonly PluginName[],
): PluginSettings {
  const { reader } = context;
  const sections = new Map<string, Node>();
  for (const node of reader.children(head, "plugin")) {
    const { value } = reader.text(node, "name");
    if (!sections.has(value)) sections.set(value, node);
  }
  const settings: Partial<Record<PluginName, unknown>> = {};
  for (const name of used) {
    const section = sections.get(name);
    if (section) settings[name] = sectionReaders[name](context, section);
    else reader.report.mistake(head.offset, `<plugin name="${name}"> is missing in <head>`);
  }
  return settings as PluginSettings;
}

const sectionReaders = {
  command: readCommand,
  socket: readSocket,
  refreshCDN: readRefreshCdn,
  http: readHttp,
} as const satisfies Record<PluginName, unknown>;

function readCommand(context: PluginContext, section: Node): CommandPlugin {
  const { reader } = context;
  const param = reader.child(section, "param");
  const prefix = readWords(reader, param, "prefix");
  const suffix = readWords(reader, param, "suffix");
  const include = readInclude(context, section);
  const command = { prefix, suffix, ignoreError: reader.switch(param, "ignoreError") };
  return include === undefined ? command : { ...command, include };
}

function readWords(reader: Reader, node: Node, attribute: string): readonly string[] {
  const { value, offset } = reader.text(node, attribute);
  const split = splitWords(value);
  if ("words" in split) return split.words;
  reader.report.mistake(
    offset,
    `${node.name} ${attribute}: found ${quote(value)}; ${split.problem}`,
  );
  return [];
}

function readInclude(context: PluginContext, section: Node): readonly string[] | undefined {
  const { reader } = context;
  const node = reader.child(section, "filter");
  if (!reader.switch(node)) return undefined;
  return reader.children(node, "include").map((include) => {
    const { value, offset } = reader.text(include, "expression");
    const problem = expressionProblem(value);
    if (problem !== undefined) {
      reader.report.mistake(offset, `include expression: found ${quote(value)}; ${problem}`);
    }
    return value;
  });
}

function readSocket(context: PluginContext, section: Node): SocketPlugin {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const target = reader.child(localpath, "deshost");
  const host = needed(reader, target, "ip");
  const { value: port } = reader.number(target, "port", "port");
  return { watch: readWatch(context, localpath), host, port };
}

function readRefreshCdn(context: PluginContext, section: Node): RefreshCdnPlugin {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const info = reader.child(localpath, "cdninfo");
  const regexurl = reader.child(localpath, "regexurl");
  const plugin: RefreshCdnPlugin = {
    watch: readWatch(context, localpath),
    host: needed(reader, info, "domainname"),
    port: reader.number(info, "port", "port").value,
    user: needed(reader, info, "username"),
    password: needed(reader, info, "passwd"),
    base: needed(reader, reader.child(localpath, "sendurl"), "base"),
  };
  return reader.switch(regexurl, "regex")
    ? { ...plugin, match: needed(reader, regexurl, "match") }
    : plugin;
}

function readHttp(context: PluginContext, section: Node): HttpPlugin {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const url = needed(reader, reader.child(localpath, "deshost"), "url");
  return { watch: readWatch(context, localpath), url };
}

function readWatch({ reader, surroundings }: PluginContext, localpath: Node): string {
  const { value }: Located<string> = reader.text(localpath, "watch");
  return value === "" ? "" : absolutePath(value, surroundings.workingDirectory);
}

/** A text that the plugin cannot do without. */
function needed(reader: Reader, node: Node, attribute: string): string {
  const { value, offset } = reader.text(node, attribute);
  if (value === "") {
    reader.report.mistake(offset, `<${node.name}>: ${attribute} is needed by this plugin`);
  }
  return value;
}
