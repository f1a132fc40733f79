import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Actions } from "./actions.ts";
import { healthOf } from "./health.ts";
import { isAddressedToUs, isFromElsewhere } from "./origin.ts";
import { type PageFile, pageFile } from "./page-files.ts";
import type { StatusReport } from "./report.ts";
import { StatusStream } from "./stream.ts";

export interface StatusServerOptions {
  /** Name or address to listen on; default "127.0.0.1". */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of every configuration, at this moment. */
  readonly reports: () => readonly StatusReport[];
  /** The text of `/metrics` and its media type. */
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** What may be asked for; default: nothing. */
  readonly actions?: Actions;
  /** The share of targets that must be reachable for `/readyz`; default 1. */
  readonly readyShare?: number;
}

/** Whoever opens more is refused: a page and a scraper need a handful. */
const mostConnections = 100;
const headersTimeoutMs = 5_000;
/** How often it is looked who has not been in time; Node's own would be 30 s. */
const checkMs = 1_000;
const longestHeaders = 8 * 1024;

/**
 * The status page, `/api/status`, `/metrics`, `/healthz` and `/readyz`, which only tell, and
 * `/api/actions`, for those who know the token. Slow and broken clients cost a connection of their own
 * and nothing else.
 */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #server: Server;
  readonly #stream: StatusStream;

  private constructor(options: StatusServerOptions) {
    this.#options = options;
    this.#stream = new StatusStream(options.reports);
    const limits = { maxHeaderSize: longestHeaders, connectionsCheckingInterval: checkMs };
    this.#server = createServer(limits, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = mostConnections;
    this.#server.timeout = headersTimeoutMs; // also of those who never say a word
    this.#server.headersTimeout = headersTimeoutMs;
    this.#server.requestTimeout = headersTimeoutMs;
    this.#server.keepAliveTimeout = headersTimeoutMs;
  }

  /** @throws a system error when nothing can listen there. */
  static async listen(options: StatusServerOptions): Promise<StatusServer> {
    const server = new StatusServer(options);
    const { host = "127.0.0.1", port } = options;
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen({ host, port, exclusive: true }, resolve);
    });
    server.#server.on("error", () => {}); // of single connections; there is nobody to tell
    server.#server.unref();
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#stream.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      setSecurityHeaders(response);
      const refusal = this.#refusalOf(request);
      if (refusal !== undefined) sendText(response, ...refusal);
      else await this.#route(new URL(request.url ?? "/", base).pathname, response);
      request.resume(); // what nobody has read would stand in the way of the next one
    } catch (error) {
      if (!response.headersSent) sendText(response, 500, `${(error as Error).message}\n`);
      else response.destroy();
    }
  }

  #refusalOf({ method, headers, url = "/" }: IncomingMessage): [number, string] | undefined {
    // A page of somebody else's must not read what is told here through a name of its own.
    if (!isAddressedToUs(headers.host, this.#options.host)) {
      return [421, "This is no name of this server: use its address, or localhost\n"];
    }
    if (isFromElsewhere(headers)) return [403, "Pages of other origins may not read this\n"];
    if (!URL.canParse(url, base)) return [400, "This is no path\n"];
    if (method === "GET" || method === "HEAD") return undefined;
    if (method === "POST" && url === actionsPath) return undefined;
    return [405, `Only GET is answered, and POST at ${actionsPath}\n`];
  }

  async #act(response: ServerResponse): Promise<void> {
    const { req } = response;
    const { actions } = this.#options;
    const answer =
      actions === undefined
        ? { status: 200, body: { actions: [] } }
        : await (req.method === "POST" ? actions.answer(req) : actions.list(req.headers));
    if (answer.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
    sendJson(response, answer.status, answer.body);
  }

  async #route(path: string, response: ServerResponse): Promise<void> {
    switch (path) {
      case "/api/status":
        return sendJson(response, 200, this.#options.reports());
      case actionsPath:
        return this.#act(response);
      case "/api/events":
        return this.#stream.open(response);
      case "/metrics": {
        const { text, contentType } = await this.#options.metrics();
        return send(response, 200, contentType, text);
      }
      case "/healthz":
        return sendText(response, 200, "alive\n");
      case "/readyz": {
        const health = healthOf(this.#options.reports(), this.#options.readyShare);
        return sendJson(response, health.ready ? 200 : 503, health);
      }
      default: {
        const file = pageFile(path);
        if (file === undefined) return sendText(response, 404, "Not found\n");
        return sendFile(response, file);
      }
    }
  }
}

/** What paths are read against; its name is never looked at. */
const base = "http://here";
/** Where whoever knows the token asks for something. */
const actionsPath = "/api/actions";

function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader("Content-Security-Policy", contentSecurityPolicy);
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("Cache-Control", "no-store");
}

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function sendFile(response: ServerResponse, { type, bytes }: PageFile): void {
  send(response, 200, type, bytes);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, "text/plain; charset=utf-8", text);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
