import { readdir } from "node:fs/promises";
import { asBytePath, type BytePath, joinPath, nativePath, rootPath } from "../../protocol/index.ts";
import type { Config } from "../config/schema.ts";
import { compileRules, type Rules } from "../filter/rules.ts";
import type { StatusReport } from "../status/report.ts";
import type { Progress, ProgressLine } from "./progress-line.ts";

const lookMs = 250;

/** Shows how far `-r` is, until every target has been compared once. */
export class FirstPush {
  readonly #line: ProgressLine;
  readonly #reports: () => readonly StatusReport[];
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  /** Entries of all sources, each as often as it has targets; undefined: not counted yet. */
  #expected: number | undefined;

  constructor(
    configs: readonly Config[],
    reports: () => readonly StatusReport[],
    line: ProgressLine,
  ) {
    this.#reports = reports;
    this.#line = line;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
    void this.#count(configs);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }

  #look(): void {
    const targets = targetsOf(this.#reports());
    const isOver = ({ comparison }: (typeof targets)[number]): boolean =>
      comparison.completedAt !== undefined && comparison.state === "none";
    if (targets.length > 0 && targets.every(isOver)) this.end();
    else this.#line.show(() => this.#progress(targets));
  }

  #progress(targets: ReturnType<typeof targetsOf>): Progress {
    let [files, bytes, entries] = [0, 0, 0];
    for (const { delivered, deliveredBytes, sending, comparison } of targets) {
      files += delivered;
      bytes += sending.reduce((sum, file) => sum + file.bytes, deliveredBytes);
      // What is new is told one by one, what is equal by and by.
      entries += Math.max(comparison.entries, delivered);
    }
    const elapsedMs = performance.now() - this.#startedAt;
    // The tree may have grown since it was counted.
    const share = this.#expected && Math.min(0.99, entries / this.#expected);
    return { files, bytes, share, elapsedMs };
  }

  async #count(configs: readonly Config[]): Promise<void> {
    let expected = 0;
    for (const { sources, filter } of configs) {
      const rules = compileRules(filter);
      for (const { watch, remotes } of sources) {
        expected += (await entriesBelow(watch, rules)) * remotes.length;
      }
    }
    this.#expected = Math.max(1, expected);
  }
}

function targetsOf(reports: readonly StatusReport[]) {
  return reports.flatMap(({ sources }) => sources.flatMap(({ targets }) => targets));
}

/** The root and all below it; what cannot be looked at has nothing in it. */
async function entriesBelow(root: string, rules: Rules): Promise<number> {
  let count = 1;
  const waiting: BytePath[] = [rootPath];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const directory = next;
    const native = nativePath(root, directory);
    const options = { withFileTypes: true, encoding: "latin1" } as const;
    const entries = await readdir(native, options).catch(() => []);
    for (const entry of entries) {
      const path = joinPath(directory, asBytePath(entry.name));
      if (rules.excluded(path, entry.isDirectory())) continue;
      count += 1;
      if (entry.isDirectory()) waiting.push(path);
    }
  }
  return count;
}
