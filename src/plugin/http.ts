import type { HttpPlugin } from "../config/schema.ts";
import { percentEncoded } from "./bytes.ts";
import { formatEvent } from "./json.ts";
import { type Plugin, type PluginEvent, type PluginEventKind, wholePath } from "./plugin.ts";
import { buildHeaders, send } from "./request.ts";

/** What old sersyncs would have seen: inotify's bits (inotify(7)). */
const masks: Readonly<Record<PluginEventKind, number>> = {
  file: 0x8, // IN_CLOSE_WRITE
  directory: 0x4000_0100, // IN_CREATE | IN_ISDIR
  symlink: 0x100, // IN_CREATE
  special: 0x100,
  delete: 0x200, // IN_DELETE
};

/**
 * Posts each change to a URL, as the form old sersyncs sent or as JSON.
 *
 *     watchroot=/data&isdir=0&inotifyPath=/data/a%20b&mask=8
 */
export class HttpPost implements Plugin {
  readonly #settings: HttpPlugin;
  readonly #headers: Headers;

  /** @throws {Error} when the secret cannot stand in a header. */
  constructor(settings: HttpPlugin, secret: string) {
    this.#settings = settings;
    const type =
      settings.format === "json" ? "application/json" : "application/x-www-form-urlencoded";
    this.#headers = buildHeaders(settings.headers, secret, type);
  }

  run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const { url, format } = this.#settings;
    const body = format === "json" ? formatEvent(event) : formatForm(event);
    return send({ method: "POST", url, headers: this.#headers, body }, signal);
  }
}

/** The form of sersync 2.2 and before; what is no plain letter is encoded. */
export function formatForm(event: PluginEvent): string {
  const fields = {
    watchroot: percentEncoded(event.root, "/"),
    isdir: event.kind === "directory" ? "1" : "0",
    inotifyPath: percentEncoded(wholePath(event), "/"),
    mask: String(masks[event.kind]),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}
