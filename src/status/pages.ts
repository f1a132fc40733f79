import { isIP } from "node:net";
import type { Logger } from "pino";
import type { Delivery, PathFailure } from "../push/message.ts";
import { Metrics } from "./metrics.ts";
import { Recorder } from "./recorder.ts";
import type { StatusReport } from "./report.ts";
import { StatusServer } from "./server.ts";

export interface StatusOptions {
  readonly log: Logger;
  /** What is known of every configuration of this process, at this moment. */
  readonly reports: () => readonly StatusReport[];
  readonly readyShare?: number;
}

/** Where a configuration wants its status page: `<host hostip port>`. */
export interface StatusAddress {
  readonly ip: string;
  readonly port: number;
}

/** What this process tells of itself over HTTP, and what it must remember for that. */
export class StatusPages {
  readonly #options: StatusOptions;
  readonly #recorders = new Map<string, Recorder>();
  readonly #servers = new Map<string, StatusServer>();
  #metrics: Metrics | undefined;

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  /** Tells of a delivery; `watch` is the watched directory as people read it. */
  delivered(watch: string, target: string, delivery: Delivery, ms: number): void {
    this.#recorder(watch, target).delivered(delivery, ms);
    this.#metrics?.delivered(watch, target, ms);
  }

  failed(
    watch: string,
    target: string,
    failure: PathFailure,
    retryMs: number,
    attempts: number,
  ): void {
    this.#recorder(watch, target).failed(failure, retryMs, attempts);
  }

  /** What is known, with the latest of each target. */
  reports(): StatusReport[] {
    return this.#options.reports().map((report) => ({
      ...report,
      sources: report.sources.map((source) => ({
        ...source,
        targets: source.targets.map((target) => ({
          ...target,
          latest: this.#recorder(source.directory, target.name).report,
        })),
      })),
    }));
  }

  /** Serves the page at each address once. One that cannot be used is said, and does no harm. */
  async listen(addresses: readonly StatusAddress[]): Promise<void> {
    for (const { ip, port } of addresses) {
      const key = `${ip}:${port}`;
      if (port === 0 || this.#servers.has(key)) continue;
      try {
        this.#metrics ??= new Metrics(await import("prom-client"));
        this.#servers.set(key, await this.#serve(ip, port));
        this.#options.log.info(`status page: ${urlOf(ip, port)}`);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const found = reasons[code ?? ""] ?? message;
        this.#options.log.warn(`no status page on ${urlOf(ip, port)}: ${found}`);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    this.#servers.clear();
  }

  async #serve(host: string, port: number): Promise<StatusServer> {
    const { readyShare } = this.#options;
    return StatusServer.listen({
      host,
      port,
      reports: () => this.reports(),
      metrics: async () => {
        const metrics = this.#metrics as Metrics;
        return { text: await metrics.text(this.reports()), contentType: metrics.contentType };
      },
      ...(readyShare !== undefined && { readyShare }),
    });
  }

  #recorder(watch: string, target: string): Recorder {
    const key = `${watch}\n${target}`;
    let recorder = this.#recorders.get(key);
    if (recorder === undefined) {
      recorder = new Recorder();
      this.#recorders.set(key, recorder);
    }
    return recorder;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; <host port> chooses another, 0 none",
  EADDRNOTAVAIL: "<host hostip> is no address of this machine",
  ENOTFOUND: "<host hostip> is not known",
  EACCES: "the port may not be used by this user",
};

function urlOf(ip: string, port: number): string {
  return `http://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}/`;
}
