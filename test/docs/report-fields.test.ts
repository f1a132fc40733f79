import fs from "node:fs";
import { expect, test } from "vitest";
import type { StatusReport } from "../../src/status/report.ts";
import { inProject } from "../support/command.mjs";

/** Nothing may be left out: the compiler asks for every field of the report. */
type Whole<T> = T extends readonly (infer Item)[]
  ? readonly Whole<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]-?: Whole<T[Name]> }
    : T;

const delivery = { path: "", kind: "", bytes: 0, ms: 0, at: "" };
const failure = { path: "", reason: "", attempts: 0, nextTry: "" };

const target: Whole<StatusReport["sources"][number]["targets"][number]> = {
  name: "",
  up: true,
  outage: { code: "", error: "", since: "", nextAttempt: "" },
  paused: false,
  sessions: { warm: 0, inFlight: 0 },
  sending: [{ path: "", bytes: 0, size: 0 }],
  halt: { reason: "", since: "", held: 0 },
  pending: { paths: 0, inFlight: 0, refused: 0, oldestSeconds: 0 },
  comparison: { state: "none", entries: 0, bytes: 0, expected: 0, completedAt: "" },
  delivered: 0,
  deliveredBytes: 0,
  failed: 0,
  lastDeliveryAt: "",
  lastError: { text: "", at: "" },
  latest: { lag: { p50Ms: 0, p99Ms: 0 }, deliveries: [delivery], failures: [failure] },
};

const watcher: Whole<StatusReport["sources"][number]["watcher"]> = {
  backend: "",
  state: "",
  directories: 0,
  events: 0,
  overflows: 0,
  rescans: 0,
  watchLimit: 0,
  unwatched: [""],
  missingMounts: [""],
};

const report: Whole<StatusReport> = {
  version: "",
  pid: 0,
  state: "running",
  startedAt: "",
  file: "",
  healthy: true,
  problems: [""],
  lastReload: { at: "", mistakes: [""] },
  sources: [{ directory: "", watcher, targets: [target] }],
  plugin: { name: "", isAnswered: true, done: 0, failed: 0, dropped: 0, waiting: 0, running: 0 },
};

/** The names of all plain values, `a.b` below each other and `a[].b` in lists. */
function* fieldsOf(value: unknown, name = ""): Generator<string> {
  if (Array.isArray(value)) {
    if (typeof value[0] === "object") yield* fieldsOf(value[0], `${name}[]`);
    else yield name;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      yield* fieldsOf(each, name === "" ? key : `${name}.${key}`);
    }
  } else yield name;
}

test("the reference tells every field of the report, and no other", () => {
  const text = fs.readFileSync(inProject("docs/reference.md"), "utf8");
  const [, section = ""] = text.split("\n### The report\n");
  const names = [...(section.split("\n### ")[0] ?? "").matchAll(/^\| (`.+?`) \| /gm)].flatMap(
    ([, cell = ""]) => cell.split(", ").map((each) => each.slice(1, -1)),
  );
  const told = names.map((name) => name.replace("…", "sources[]."));
  expect(told.sort()).toEqual([...fieldsOf(report)].sort());
});
