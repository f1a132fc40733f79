import type { PurgeRequest, RefreshCdnPlugin } from "../config/schema.ts";
import { percentEncoded } from "./bytes.ts";
import type { Plugin, PluginEvent } from "./plugin.ts";
import { buildHeaders, send } from "./request.ts";
import { Site } from "./site.ts";

/** Asks any network with an HTTP interface to drop its copy: one request for each change. */
export class UrlPurge implements Plugin {
  readonly #purge: PurgeRequest;
  readonly #site: Site;
  readonly #headers: Headers;

  /** @throws {Error} when the secret cannot stand in a header. */
  constructor(settings: RefreshCdnPlugin, purge: PurgeRequest, secret: string) {
    this.#purge = purge;
    this.#site = new Site(settings);
    const type = purge.body === "" ? "" : "application/json";
    this.#headers = buildHeaders(purge.headers, secret, type);
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const path = this.#site.pathOf(event);
    if (path === undefined) return;
    const { method, url, body } = this.#purge;
    const request = {
      method,
      url: fillUrl(url, this.#site.base, path),
      headers: this.#headers,
      ...(body !== "" && { body: fillText(body, this.#site.base, path) }),
    };
    await send(request, signal);
  }
}

/**
 * Fills `{path}` (without its leading "/") and `{url}` (base and path) into the address of a purge.
 * In the query they are values, so their "/" and ":" are encoded, too.
 */
export function fillUrl(template: string, base: string, path: string): string {
  const query = template.indexOf("?");
  const end = query < 0 ? template.length : query;
  const values = urlValues(base, path);
  return `${fill(template.slice(0, end), values)}${fill(template.slice(end), {
    path: percentEncoded(path.replace(/^\//, "")),
    url: percentEncoded(values.url),
  })}`;
}

/** Fills them into a body: as URLs, which need no further quoting in JSON or XML. */
export function fillText(template: string, base: string, path: string): string {
  return fill(Buffer.from(template, "latin1").toString("utf8"), urlValues(base, path));
}

function urlValues(base: string, path: string): { readonly path: string; readonly url: string } {
  const encoded = percentEncoded(path.replace(/^\//, ""), "/");
  // The base is the operator's own text: what is encoded in it already stays.
  const url = `${percentEncoded(base, ":/?&=%#@+,;[]")}${path.startsWith("/") ? "/" : ""}${encoded}`;
  return { path: encoded, url };
}

function fill(template: string, values: { readonly path: string; readonly url: string }): string {
  return template.replaceAll("{path}", () => values.path).replaceAll("{url}", () => values.url);
}
