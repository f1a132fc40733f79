import { pino } from "pino";
import { asBytePath } from "../../../protocol/index.ts";
import type { PluginBase, PluginLimits } from "../../../src/config/schema.ts";
import type { PluginEvent } from "../../../src/plugin/plugin.ts";

/** A file at a path (a byte string) that has been delivered, unless said otherwise. */
export function eventOf(path: string, different: Partial<PluginEvent> = {}): PluginEvent {
  return {
    root: "/data",
    path: asBytePath(path),
    kind: "file",
    target: "h:873::m",
    result: "delivered",
    reason: "",
    ...different,
  };
}

/** What a section says that says little. */
export function baseOf(limits: Partial<PluginLimits> = {}, onlySuccess = false): PluginBase {
  const usual = { timeoutSeconds: 10, concurrency: 2, retries: 2, queue: 100 };
  return { onlySuccess, limits: { ...usual, ...limits } };
}

/** A log whose lines can be read. */
export function keptLog() {
  const lines: { readonly level: number; readonly msg: string; readonly path?: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines, texts: () => lines.map(({ msg }) => msg) };
}
