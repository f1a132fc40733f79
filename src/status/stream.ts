import type { ServerResponse } from "node:http";
import type { StatusReport } from "./report.ts";

const everyMs = 1_000;
const mostReaders = 20;
/** A reader that is so far behind is not reading. */
const mostUnread = 1024 * 1024;

/** Sends the report to every open page once a second, and does nothing while there is none. */
export class StatusStream {
  readonly #reports: () => readonly StatusReport[];
  readonly #readers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(reports: () => readonly StatusReport[]) {
    this.#reports = reports;
  }

  open(response: ServerResponse): void {
    if (response.req.method === "HEAD") {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).end();
      return;
    }
    if (this.#readers.size >= mostReaders) {
      response.writeHead(503, { "Retry-After": "10" }).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    response.on("close", () => this.#leave(response));
    this.#readers.add(response);
    response.write(eventOf(this.#reports()));
    this.#timer ??= setInterval(() => this.#tell(), everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const reader of this.#readers) reader.end();
  }

  #tell(): void {
    const event = eventOf(this.#reports());
    for (const reader of this.#readers) {
      if (reader.writableLength > mostUnread) reader.destroy();
      else reader.write(event);
    }
  }

  #leave(response: ServerResponse): void {
    this.#readers.delete(response);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function eventOf(reports: readonly StatusReport[]): string {
  return `data: ${JSON.stringify(reports)}\n\n`;
}
