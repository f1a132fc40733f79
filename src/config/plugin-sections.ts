import { searchProblem } from "../filter/search.ts";
import { quote } from "./mistake.ts";
import type { PluginContext } from "./plugin-base.ts";
import { readHeaded, readPairs, readSecretFile, readUrl } from "./plugin-request.ts";
import type { Node, Reader } from "./reader.ts";
import type {
  CommandPlugin,
  HttpPlugin,
  ModulePlugin,
  PluginBase,
  PluginName,
  RefreshCdnPlugin,
  SocketPlugin,
} from "./schema.ts";
import { absolutePath } from "./surroundings.ts";
import { watchablePath } from "./watchable.ts";
import { splitWords } from "./words.ts";

/** What a section says besides what every one may. */
type Own<T extends PluginBase> = Omit<T, keyof PluginBase>;

/** Reads the section of each plugin. */
export const sectionReaders: Readonly<
  Record<PluginName, (context: PluginContext, section: Node) => object>
> = {
  command: readCommand,
  socket: readSocket,
  refreshCDN: readRefreshCdn,
  http: readHttp,
  module: readModule,
};

function readCommand({ reader }: PluginContext, section: Node): Own<CommandPlugin> {
  const param = reader.child(section, "param");
  const prefix = readWords(reader, param, "prefix");
  const suffix = readWords(reader, param, "suffix");
  const [program, ...rest] = prefix;
  if (program === undefined) {
    reader.report.warning(
      param.offset,
      "param prefix: it is empty; every changed file itself is run as a program, as in sersync",
    );
  } else if (/(?:^|\/)(?:ba|da|z|k)?sh$/.test(program) && rest.length === 0) {
    reader.report.warning(
      param.offset,
      `param prefix: ${quote(program)} runs every changed file as a script, as in sersync`,
    );
  }
  return { prefix, suffix, ignoreError: reader.switch(param, "ignoreError") };
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

function readSocket(context: PluginContext, section: Node): Own<SocketPlugin> {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const target = reader.child(localpath, "deshost");
  const host = needed(reader, target, "ip").replace(/^\[(.*)\]$/, "$1");
  const { value: port } = reader.number(target, "port", "port");
  const format = readFormat(reader, target, ["path", "json"] as const);
  return { watch: readWatch(context, localpath), host, port, format };
}

function readHttp(context: PluginContext, section: Node): Own<HttpPlugin> {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const target = reader.child(localpath, "deshost");
  return {
    watch: readWatch(context, localpath),
    url: readUrl(reader, target),
    format: readFormat(reader, target, ["form", "json"] as const),
    ...readHeaded(context, target),
  };
}

function readRefreshCdn(context: PluginContext, section: Node): Own<RefreshCdnPlugin> {
  const { reader } = context;
  const localpath = reader.child(section, "localpath");
  const purge = reader.child(localpath, "purge");
  const match = readMatch(reader, reader.child(localpath, "regexurl"));
  return {
    watch: readWatch(context, localpath),
    base: needed(reader, reader.child(localpath, "sendurl"), "base"),
    ...(match !== undefined && { match }),
    ...(purge.xml === undefined
      ? { chinaCache: readChinaCache(reader, reader.child(localpath, "cdninfo")) }
      : { purge: readPurge(context, purge) }),
  };
}

function readChinaCache(reader: Reader, info: Node): NonNullable<RefreshCdnPlugin["chinaCache"]> {
  return {
    host: needed(reader, info, "domainname"),
    port: reader.number(info, "port", "port").value,
    user: needed(reader, info, "username"),
    password: needed(reader, info, "passwd"),
  };
}

function readPurge(context: PluginContext, purge: Node): NonNullable<RefreshCdnPlugin["purge"]> {
  const { reader } = context;
  const { value: method, offset } = reader.text(purge, "method");
  if (!/^[A-Z][A-Z-]{0,31}$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/.test(method)) {
    reader.report.mistake(offset, `purge method: found ${quote(method)}; allowed is PURGE, POST…`);
  }
  const { value: body, offset: bodyOffset } = reader.text(purge, "body");
  if (body !== "" && (method === "GET" || method === "HEAD")) {
    reader.report.mistake(bodyOffset, `purge body: a ${method} request has none`);
  }
  return { method, url: readUrl(reader, purge), body, ...readHeaded(context, purge) };
}

function readMatch(reader: Reader, regexurl: Node): string | undefined {
  if (!reader.switch(regexurl, "regex")) return undefined;
  const match = needed(reader, regexurl, "match");
  const problem = searchProblem(match);
  if (problem !== undefined) {
    const { offset } = reader.text(regexurl, "match");
    reader.report.mistake(offset, `regexurl match: found ${quote(match)}; ${problem}`);
  }
  return match;
}

function readModule(context: PluginContext, section: Node): Own<ModulePlugin> {
  const { reader, surroundings } = context;
  const node = reader.child(section, "module");
  if (node.xml === undefined) {
    reader.report.mistake(
      section.offset,
      '<module path="…"/> is missing in <plugin name="module">',
    );
    return { path: "", settings: {}, secretFile: "" };
  }
  const { value, offset } = reader.text(node, "path");
  const path = absolutePath(value, surroundings.workingDirectory);
  const problem = value === "" ? "it is empty" : surroundings.fileProblem(path);
  if (problem !== undefined) {
    reader.report.mistake(offset, `module path: found ${quote(value)}; ${problem}`);
  }
  return {
    path,
    settings: readPairs(reader, node, "setting"),
    secretFile: readSecretFile(context, node),
  };
}

function readFormat<T extends string>(reader: Reader, node: Node, known: readonly [T, ...T[]]): T {
  const { value, offset } = reader.text(node, "format");
  const format = value === "" ? known[0] : known.find((each) => each === value);
  if (format !== undefined) return format;
  reader.report.mistake(
    offset,
    `${node.name} format: found ${quote(value)}; allowed are ${known.join(", ")}`,
  );
  return known[0];
}

function readWatch({ reader, surroundings }: PluginContext, localpath: Node): string {
  const { value, offset } = reader.text(localpath, "watch");
  return value === "" ? "" : watchablePath(value, offset, { reader, surroundings });
}

/** A text that the plugin cannot do without. */
function needed(reader: Reader, node: Node, attribute: string): string {
  const { value, offset } = reader.text(node, attribute);
  if (value === "") {
    reader.report.mistake(offset, `<${node.name}>: ${attribute} is needed by this plugin`);
  }
  return value;
}
