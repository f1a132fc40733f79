import type { PushObserver } from "./report.ts";

const events = [
  "acknowledged",
  "deleted",
  "sent",
  "item",
  "text",
  "sending",
  "step",
  "listed",
] as const satisfies readonly (keyof PushObserver)[];

/** One observer that tells several, each in turn. */
export function observers(all: readonly PushObserver[]): PushObserver {
  const [first, ...others] = all;
  if (first !== undefined && others.length === 0) return first;
  const told: Partial<Record<keyof PushObserver, (...what: unknown[]) => void>> = {};
  for (const event of events) {
    const listeners = all.flatMap((each) => each[event] ?? []) as ((...what: unknown[]) => void)[];
    if (listeners.length === 0) continue;
    told[event] = (...what) => {
      for (const listener of listeners) listener(...what);
    };
  }
  return told as PushObserver;
}
