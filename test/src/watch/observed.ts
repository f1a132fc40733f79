import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Change } from "../../../src/watch/change.ts";
import {
  openWatcher,
  type Watcher,
  type WatcherState,
  type WatchOptions,
} from "../../../src/watch/watcher.ts";
import { patienceMs } from "../../support/eventually.ts";

/** A temporary directory, removed after the test. */
export function temporaryDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "sersync-watch-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Returns once the file system's clock has moved on, so that what exists now is older than what follows. */
export async function clockTick(directory: string): Promise<void> {
  const probe = `${directory}.clock`;
  const now = (): number => {
    writeFileSync(probe, "");
    return statSync(probe).mtimeMs;
  };
  const start = now();
  while (now() < start + 15) await new Promise(setImmediate);
  rmSync(probe);
}

/** A watcher and everything it said. */
export interface Observed {
  readonly watcher: Watcher;
  readonly changes: Change[];
  readonly states: WatcherState[];
  /** The changes as short lines: "path a", "tree b", "renamed a -> b". */
  lines(): string[];
  /** Resolves when `found` is true; rejects with what was seen when it never is. */
  until(found: () => boolean, what?: string): Promise<void>;
  /** Resolves when a change reads like `line`. */
  sees(line: string): Promise<void>;
  /** Forgets what was said so far. */
  clear(): void;
}

export function formatChange(change: Change): string {
  return change.kind === "renamed"
    ? `renamed ${change.from} -> ${change.to}`
    : `${change.kind} ${change.path}`;
}

/** Opens a watcher that is closed after the test. */
export function observe(root: string, options: Partial<WatchOptions> = {}): Observed {
  const changes: Change[] = [];
  const states: WatcherState[] = [];
  let wake: () => void = () => {};
  const watcher = openWatcher({
    root,
    backend: "inotify",
    ...options,
    onChanges: (batch) => {
      changes.push(...batch);
      options.onChanges?.(batch);
      wake();
    },
    onState: (state) => {
      states.push(state);
      options.onState?.(state);
      wake();
    },
  });
  onTestFinished(() => watcher.close());
  const lines = (): string[] => changes.map(formatChange);
  async function until(found: () => boolean, what = "the awaited change"): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!found()) {
      const left = deadline - Date.now();
      if (left <= 0) {
        const said = [...lines(), ...states.map((state) => `${state.kind}: ${state.message}`)];
        throw new Error(
          `${what} did not come within ${patienceMs} ms; seen: ${said.slice(-40).join("; ")}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
  return {
    watcher,
    changes,
    states,
    lines,
    until,
    sees: (line) => until(() => lines().includes(line), line),
    clear: () => {
      changes.length = 0;
      states.length = 0;
    },
  };
}

/**
 * Opens a watcher on what exists already, and waits until it is ready; says that a scan follows, so
 * that nothing but events is reported.
 */
export async function observeReady(
  root: string,
  options: Partial<WatchOptions> = {},
): Promise<Observed> {
  await clockTick(root);
  const observed = observe(root, { willScan: true, ...options });
  await observed.watcher.ready;
  return observed;
}
