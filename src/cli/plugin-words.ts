import type {
  CommandPlugin,
  Config,
  HttpPlugin,
  ModulePlugin,
  PluginBase,
  PluginName,
  PluginSettings,
  RefreshCdnPlugin,
  SocketPlugin,
} from "../config/schema.ts";
import { shellQuote } from "../config/words.ts";
import { display } from "../display.ts";

/** What the plugin of a configuration will do, one sentence a line; nothing when there is none. */
export function describePlugin({ plugin, plugins }: Config): readonly string[] {
  const own = plugin && plugins[plugin];
  if (plugin === undefined || own === undefined) return [];
  return [
    `After each delivery, once per target, the plugin ${plugin} ${does(plugin, plugins)}.`,
    ...describeScope(own),
    describeLimits(own),
  ];
}

function does(name: PluginName, settings: PluginSettings): string {
  const say = sayers[name];
  return say(settings);
}

const sayers: Readonly<Record<PluginName, (settings: PluginSettings) => string>> = {
  command: ({ command }) => (command ? describeCommand(command) : ""),
  socket: ({ socket }) => (socket ? describeSocket(socket) : ""),
  refreshCDN: ({ refreshCDN }) => (refreshCDN ? describeRefresh(refreshCDN) : ""),
  http: ({ http }) => (http ? describeHttp(http) : ""),
  module: ({ module }) => (module ? describeModule(module) : ""),
};

function describeCommand({ prefix, suffix, ignoreError }: CommandPlugin): string {
  const words = [...prefix, ...suffix];
  const inside = words.some((word) => word.includes("{path}"));
  const all = inside ? words : [...prefix, "PATH", ...suffix];
  const line = all.map((word) => shellQuote(display(word))).join(" ");
  const after = ignoreError
    ? "what it prints and its exit code are ignored"
    : "what it prints goes to the log";
  return `runs (without a shell): ${line}; ${after}`;
}

function describeSocket({ host, port, format }: SocketPlugin): string {
  const what =
    format === "path"
      ? "the path, on a connection for each change"
      : "a line of JSON for each change";
  return `sends ${what} to ${address(host, port)}`;
}

function describeHttp({ url, format }: HttpPlugin): string {
  return `posts each change (${format === "form" ? "as a form" : "as JSON"}) to ${withoutQuery(url)}`;
}

function describeRefresh({ base, match, purge, chinaCache }: RefreshCdnPlugin): string {
  const what =
    match === undefined
      ? `${display(base)}/PATH`
      : `${display(base)} and what ${display(match)} finds`;
  if (purge !== undefined) {
    return `asks with ${purge.method} ${withoutQuery(purge.url)} to drop the copy of ${what}`;
  }
  const where = chinaCache === undefined ? "" : address(chinaCache.host, chinaCache.port);
  return `asks ChinaCache at ${where} to refresh ${what}`;
}

function describeModule({ path }: ModulePlugin): string {
  return `is told of it: ${display(path)}`;
}

function describeScope({ include, onlySuccess }: PluginBase): readonly string[] {
  return [
    ...(include === undefined
      ? []
      : [`  only for absolute paths that match ${include.map(display).join(" or ")} whole`]),
    onlySuccess
      ? "  not for paths that a target refuses"
      : "  also, once, for a path that a target refuses",
  ];
}

function describeLimits({ limits }: PluginBase): string {
  const { timeoutSeconds, concurrency, retries, queue } = limits;
  const again = retries === 0 ? "never tried again" : `tried again up to ${retries} times`;
  return `  ${concurrency} at a time, ended after ${timeoutSeconds} s, ${again}; at most ${queue} changes wait, beyond that the oldest are left out`;
}

function address(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : display(host)}:${port}`;
}

/** An address without its query: people write keys into it. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "?…");
}
