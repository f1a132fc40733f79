import type { Logger } from "pino";
import type { TargetEvents } from "../target/options.ts";
import { type ActionOptions, Actions } from "./actions.ts";
import { pageUrl, type StatusAddress } from "./address.ts";
import { Metrics, refusalClass } from "./metrics.ts";
import { Recorder } from "./recorder.ts";
import type { StatusReport } from "./report.ts";
import { StatusServer } from "./server.ts";

export interface StatusOptions {
  readonly log: Logger;
  /** What is known of every configuration of this process, at this moment. */
  readonly reports: () => readonly StatusReport[];
  readonly readyShare?: number;
  /** What may be asked for; default: nothing. */
  readonly actions?: Omit<ActionOptions, "log">;
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

  /** What is to be told of one target; `watch` is the watched directory as people read it. */
  listener(watch: string, target: string): Partial<TargetEvents> {
    const recorder = this.#recorder(watch, target);
    return {
      delivered: (delivery, ms, isChange) => {
        recorder.delivered(delivery, ms, isChange);
        if (isChange) this.#metrics?.delivered(watch, target, ms);
      },
      failed: (...failure) => {
        recorder.failed(...failure);
        this.#metrics?.failed(watch, target, refusalClass(failure[0].reason));
      },
      down: ({ code }) => this.#metrics?.failed(watch, target, code),
      reconciled: () => this.#metrics?.reconciled(watch, target),
    };
  }

  /** A report with the latest of each target. */
  withLatest(report: StatusReport): StatusReport {
    return {
      ...report,
      sources: report.sources.map((source) => ({
        ...source,
        targets: source.targets.map((target) => ({
          ...target,
          latest: this.#recorder(source.directory, target.name).report,
        })),
      })),
    };
  }

  #reports(): StatusReport[] {
    return this.#options.reports().map((report) => this.withLatest(report));
  }

  /** Serves the page at these addresses and no others. One that cannot be used does no harm. */
  async listen(addresses: readonly StatusAddress[]): Promise<void> {
    const wanted = new Map(addresses.map((address) => [pageUrl(address), address]));
    for (const [url, server] of this.#servers) {
      if (wanted.has(url)) continue;
      this.#servers.delete(url);
      await server.close();
    }
    for (const [url, address] of wanted) {
      if (address.port !== 0 && !this.#servers.has(url)) await this.#open(url, address);
    }
  }

  async #open(url: string, address: StatusAddress): Promise<void> {
    const { log } = this.#options;
    try {
      // Its default is all of it, in Node's own eyes as in the bundler's.
      this.#metrics ??= new Metrics((await import("prom-client")).default);
      this.#servers.set(url, await this.#serve(address));
      log.info(`status page: ${url}`);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      log.warn(`no status page at ${url}: ${reasons[code] ?? message}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    this.#servers.clear();
  }

  async #serve({ ip: host, port }: StatusAddress): Promise<StatusServer> {
    const { readyShare, actions, log } = this.#options;
    return StatusServer.listen({
      host,
      port,
      reports: () => this.#reports(),
      metrics: async () => {
        const metrics = this.#metrics as Metrics;
        return {
          text: await metrics.text(this.#options.reports()),
          contentType: metrics.contentType,
        };
      },
      ...(readyShare !== undefined && { readyShare }),
      ...(actions && { actions: new Actions({ ...actions, log }) }),
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
