import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { inProject } from "../support/command.mjs";

// The list of log events in the reference is compared with the calls in the sources: a call that is
// added, and one whose words change, has to be told there.

interface Call {
  readonly file: string;
  readonly level: string;
  readonly argument: string;
}

interface Event {
  readonly level: string;
  readonly message: string;
}

const sources = new Map(
  fs
    .readdirSync(inProject("src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, fs.readFileSync(inProject("src", file), "utf8")]),
);

function eventsOf(file: string, heading: string): Event[] {
  const text = fs.readFileSync(inProject(file), "utf8").split(`\n## ${heading}\n`)[1] ?? "";
  const section = text.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| (info|warn|error|debug) \| `(.+?)` \| .+ \|$/gm)].map(
    ([, level = "", message = ""]) => ({ level, message }),
  );
}

const told = eventsOf("docs/reference.md", "Log");

/** Each call of a logger: what stands between its parentheses, but for the fields. */
function* calls(): Generator<Call> {
  for (const [file, text] of sources) {
    for (const found of text.matchAll(/\b(?:log|#log)\.(info|warn|error|debug)\(/g)) {
      const argument = argumentsAt(text, found.index + found[0].length);
      yield { file, level: found[1] ?? "", argument: argument.replace(/^\{.*?\},\s*/s, "").trim() };
    }
  }
}

function argumentsAt(text: string, start: number): string {
  let depth = 1;
  let at = start;
  for (; depth > 0; at += 1) {
    if ("([{".includes(text[at] ?? "")) depth += 1;
    if (")]}".includes(text[at] ?? "")) depth -= 1;
  }
  return text
    .slice(start, at - 1)
    .trim()
    .replace(/,$/, "");
}

/** A text or template of the source as the reference writes it: what differs each time is `…`. */
function literal(argument: string): string | undefined {
  const [, text] = /^(?:fields, |\{ code \}, )?["`](.*)["`]$/s.exec(argument) ?? [];
  return text?.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…");
}

/** Words that are put together elsewhere, and which of the told messages they become. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  "cli/run.ts line": ["cannot open the log file"],
  "mirror.ts warning": ["Cannot keep state", "Cannot use the state", "Cannot write the failLog"],
  "mirrored-source.ts state.message": ["Watching", "the kernel dropped", "Cannot watch"],
  "mirrored-source.ts replacedRoot": ["another directory"],
  "mirrored-source.ts disorderlyEnd": ["the program did not end in order"],
  "plugin/command.ts line": [],
  "plugin/module.ts report.text": [],
  "plugin/runner.ts text": ["plugin failed", "more than"],
  "service/reload.ts mistake": ["the configuration is not reloaded"],
  "service/reload.ts warning": [],
  "target/announcer.ts fields, text": ["cannot deliver"],
  "target/announcer.ts told, step": ["job begun", "job ended", "comparison begun", "free to go"],
};

/** The first and the last of what stays the same are enough to know a message by. */
function isTold(message: string): boolean {
  return told.some((event) => {
    const parts = event.message.split("…").map((part) => part.trim());
    return parts.every((part) => message.includes(part)) && parts.some((part) => part !== "");
  });
}

describe("the log events of the reference", () => {
  test("name every call of a logger in the sources", () => {
    const untold = [...calls()].filter(({ file, argument }) => {
      const message = literal(argument);
      if (message === undefined) return elsewhere[`${file} ${argument}`] === undefined;
      // Only variables: their words are those of the call before it.
      return /[a-z]{3}/.test(message) && !isTold(message);
    });
    expect(untold).toEqual([]);
  });

  test("name what is put together elsewhere, and nothing there is out of date", () => {
    const known = new Set([...calls()].map(({ file, argument }) => `${file} ${argument}`));
    for (const [call, beginnings] of Object.entries(elsewhere)) {
      expect([...known].filter((each) => each === call)).not.toEqual([]);
      const unknown = beginnings.filter(
        (begins) => !told.some(({ message }) => message.startsWith(begins)),
      );
      expect(unknown).toEqual([]);
    }
  });

  test.each(told)("$message is said by the sources", ({ message }) => {
    const all = [...sources.values()].join("\n").replace(/["`] \+\s*["`]/g, "");
    const parts = message.split("…").map((part) => part.trim().replace(/^[;:] ?/, ""));
    expect(parts.filter((part) => !all.includes(part))).toEqual([]);
  });

  test("are the same in Chinese", () => {
    expect(eventsOf("docs/reference.zh-CN.md", "日志")).toEqual(told);
  });
});
