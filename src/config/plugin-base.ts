import { expressionProblem } from "../filter/rules.ts";
import { quote } from "./mistake.ts";
import type { Node, Reader } from "./reader.ts";
import type { PluginBase, PluginLimits, PluginName } from "./schema.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the readers of the sections need. */
export interface PluginContext {
  readonly reader: Reader;
  readonly surroundings: Surroundings;
}

/** The sections `<head><plugin name=…>` by name; the first of each name is taken. */
export function readSections(reader: Reader, head: Node): ReadonlyMap<string, Node> {
  const sections = new Map<string, Node>();
  for (const node of reader.children(head, "plugin")) {
    const { value } = reader.text(node, "name");
    if (!sections.has(value)) sections.set(value, node);
  }
  return sections;
}

/** Programs may take their time, answers over a network may not. */
const defaultLimits: Readonly<Record<PluginName, PluginLimits>> = {
  command: { timeoutSeconds: 600, concurrency: 4, retries: 0, queue: 10_000 },
  socket: { timeoutSeconds: 10, concurrency: 1, retries: 5, queue: 10_000 },
  refreshCDN: { timeoutSeconds: 30, concurrency: 4, retries: 5, queue: 10_000 },
  http: { timeoutSeconds: 30, concurrency: 4, retries: 5, queue: 10_000 },
  module: { timeoutSeconds: 60, concurrency: 4, retries: 0, queue: 10_000 },
};

/** What every section may say. */
export function readBase(reader: Reader, section: Node, name: PluginName): PluginBase {
  const defaults = defaultLimits[name];
  const include = readInclude(reader, section);
  const number = (attribute: string, kind: "seconds" | "count", fallback: number, least = 0) => {
    const { value, offset } = reader.text(section, attribute);
    if (value === "") return fallback;
    const read = reader.number(section, attribute, kind).value;
    if (read >= least) return read;
    reader.report.mistake(offset, `plugin ${attribute}: found "${read}"; at least ${least}`);
    return fallback;
  };
  return {
    onlySuccess: reader.switch(section, "onlySuccess"),
    ...(include && { include }),
    limits: {
      timeoutSeconds: number("timeout", "seconds", defaults.timeoutSeconds),
      concurrency: number("concurrency", "count", defaults.concurrency, 1),
      retries: number("retries", "count", defaults.retries),
      queue: number("queue", "count", defaults.queue, 1),
    },
  };
}

function readInclude(reader: Reader, section: Node): readonly string[] | undefined {
  const node = reader.child(section, "filter");
  if (!reader.switch(node)) return undefined;
  return reader.children(node, "include").map((include) => {
    const { value, offset } = reader.text(include, "expression");
    const problem = expressionProblem(value);
    if (problem !== undefined) {
      reader.report.mistake(offset, `include expression: found ${quote(value)}; ${problem}`);
    }
    return value;
  });
}
