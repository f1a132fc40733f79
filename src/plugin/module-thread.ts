import { parentPort, workerData } from "node:worker_threads";
import type { CreatePlugin, UserPlugin } from "./interface.ts";
import type { ModuleOrder, ModuleReport, ModuleStart } from "./module-message.ts";

// The thread of a plugin module. What goes wrong while it is loaded ends it, with the reason.

const port = parentPort;
if (port === null) throw new Error("this file is the entry of a thread");
const runs = new Map<number, AbortController>();
void start(workerData as ModuleStart);

async function start(what: ModuleStart): Promise<void> {
  const plugin = await load(what);
  port?.on("message", (order: ModuleOrder) => void obey(plugin, order));
  tell({ kind: "ready" });
}

function tell(report: ModuleReport): void {
  port?.postMessage(report);
}

async function load({ url, settings, secret }: ModuleStart): Promise<UserPlugin> {
  const { default: create } = (await import(url)) as { readonly default?: CreatePlugin };
  if (typeof create !== "function") throw new TypeError("its default export is no function");
  const log = (text: string): void => tell({ kind: "log", text: String(text) });
  const made = await create({ settings, secret, log });
  if (typeof made?.change === "function") return made;
  throw new TypeError("what its default export returns has no function change");
}

async function obey(plugin: UserPlugin, order: ModuleOrder): Promise<void> {
  switch (order.kind) {
    case "change":
      return change(plugin, order);
    case "abort":
      return runs.get(order.id)?.abort();
    case "close":
      await plugin.close?.();
      return port?.close();
  }
}

async function change(
  plugin: UserPlugin,
  { id, change }: Extract<ModuleOrder, { kind: "change" }>,
): Promise<void> {
  const run = new AbortController();
  runs.set(id, run);
  try {
    await plugin.change(change, run.signal);
    tell({ kind: "done", id });
  } catch (error) {
    tell({ kind: "done", id, problem: error instanceof Error ? error.message : String(error) });
  } finally {
    runs.delete(id);
  }
}
