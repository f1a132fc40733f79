import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { textOf } from "./bytes.ts";
import { pluginEnvironment } from "./environment.ts";
import type { PluginChange } from "./interface.ts";
import type { ModuleOrder, ModuleReport, ModuleStart } from "./module-message.ts";
import { type Plugin, type PluginEvent, PluginFailure, wholePath } from "./plugin.ts";

/** A module that does not obey is ended with its thread after this. */
const obedienceMs = 1_000;
const farewellMs = 2_000;

export interface ModuleOptions {
  /** Absolute path of the module, as a byte string. */
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: string;
  readonly log: Logger;
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A plugin module in its thread; the thread is started again when it has ended. */
export class ModuleHost implements Plugin {
  readonly #options: ModuleOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #starting: Promise<Worker> | undefined;
  #lastId = 0;

  private constructor(options: ModuleOptions) {
    this.#options = options;
  }

  /** @throws {Error} that says why the module cannot be loaded. */
  static async open(options: ModuleOptions): Promise<ModuleHost> {
    const host = new ModuleHost(options);
    await host.#start();
    return host;
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const worker = this.#worker ?? (await this.#startOnce());
    this.#lastId += 1;
    const id = this.#lastId;
    let late: NodeJS.Timeout | undefined;
    const abort = (): void => {
      worker.postMessage({ kind: "abort", id } satisfies ModuleOrder);
      late = setTimeout(() => void worker.terminate(), obedienceMs);
    };
    signal.addEventListener("abort", abort);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        worker.postMessage({ kind: "change", id, change: changeOf(event) } satisfies ModuleOrder);
      });
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => {
      worker.once("exit", resolve);
    });
    worker.postMessage({ kind: "close" } satisfies ModuleOrder);
    const timer = setTimeout(() => void worker.terminate(), farewellMs);
    await ended;
    clearTimeout(timer);
  }

  /** Changes that come at the same time wait for the same thread. */
  #startOnce(): Promise<Worker> {
    this.#starting ??= this.#start()
      .catch((error: unknown) => {
        throw new PluginFailure("peer", error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  async #start(): Promise<Worker> {
    const { path, settings, secret } = this.#options;
    const url = pathToFileURL(textOf(path)).href;
    const texts = Object.entries(settings).map(([name, value]) => [textOf(name), textOf(value)]);
    const workerData: ModuleStart = { url, settings: Object.fromEntries(texts), secret };
    const worker = new Worker(new URL("./module-thread.js", import.meta.url), {
      name: "plugin",
      workerData,
      env: pluginEnvironment(),
    });
    await new Promise<void>((resolve, reject) => {
      let reason = "its thread ended";
      worker.on("message", (report: ModuleReport) => {
        if (report.kind === "ready") resolve();
        else this.#receive(report);
      });
      worker.on("error", (error: unknown) => {
        reason = error instanceof Error ? error.message : String(error);
      });
      worker.once("exit", () => {
        reject(new Error(`cannot load the module ${textOf(path)}: ${reason}`));
        this.#ended(worker, reason);
      });
    });
    this.#worker = worker;
    return worker;
  }

  #receive(report: Exclude<ModuleReport, { kind: "ready" }>): void {
    if (report.kind === "log") {
      this.#options.log.info(report.text);
      return;
    }
    const pending = this.#pending.get(report.id);
    this.#pending.delete(report.id);
    if (report.problem === undefined) pending?.resolve();
    else pending?.reject(new PluginFailure("again", report.problem));
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const failure = new PluginFailure("again", `the module has ended: ${reason}`);
    for (const { reject } of this.#pending.values()) reject(failure);
    this.#pending.clear();
  }
}

function changeOf(event: PluginEvent): PluginChange {
  const { kind, target, result, reason } = event;
  const path = wholePath(event);
  return {
    path: textOf(path),
    pathBytes: Uint8Array.from(Buffer.from(path, "latin1")),
    relativePath: event.path === "" ? "." : textOf(event.path),
    root: textOf(event.root),
    kind,
    target,
    result,
    reason,
  };
}
