import type { SourceReport, StatusReport } from "../report.ts";
import { count } from "./amounts.ts";
import { element } from "./dom.ts";
import type { Words } from "./words.ts";

/** What is to be known of the watching of one directory. */
export function watcherLines({ watcher }: SourceReport, words: Words): HTMLElement[] {
  const { backend, state, directories, events, overflows, rescans, watchLimit } = watcher;
  const parts = [
    words.watcherStates[state] ?? state,
    words.directories(count(directories), backend),
    ...(watchLimit === undefined
      ? []
      : [words.watches(percent(directories / watchLimit), count(watchLimit))]),
    words.events(count(events)),
    words.overflows(count(overflows)),
    words.rescans(count(rescans)),
  ];
  const lines = [element("p", state === "source gone" ? "notice" : "faint", parts.join(" · "))];
  const { unwatched, missingMounts } = watcher;
  if (unwatched.length > 0) {
    const text = `${words.unwatched(unwatched.length)}: ${unwatched.slice(0, 5).join(", ")}`;
    lines.push(element("p", "notice warn", text));
  }
  if (missingMounts.length > 0) {
    lines.push(element("p", "notice", `${words.missingMounts}: ${missingMounts.join(", ")}`));
  }
  return lines;
}

/** What has become of the plugin's work. */
export function pluginLines({ plugin }: StatusReport, words: Words): HTMLElement[] {
  if (plugin === undefined) return [];
  const { name, isAnswered, done, failed, dropped, waiting } = plugin;
  const text = words.plugin(name, count(done), count(failed), count(dropped), count(waiting));
  if (isAnswered) return [element("p", "faint", text)];
  return [element("p", "notice warn", `${text}; ${words.noAnswer}`)];
}

function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
