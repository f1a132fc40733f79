import { expect, test } from "vitest";
import { FilterRules } from "../../protocol/flist/filter.ts";
import { parseFilterRule } from "../../protocol/flist/filter-rule.ts";
import { listDirectory } from "../../protocol/lister.ts";
import { asBytePath } from "../../protocol/path.ts";
import type { PullJob } from "../../protocol/pull-job.ts";
import { startPeer } from "../support/peer.ts";
import { converse, ready } from "./scripted-daemon.ts";
import { entry, listOf, pullFrom } from "./scripted-pull.ts";

/** Our checksum's name: a list may follow. */
const agreed = /xxh64./s;
const from = { directory: asBytePath("d/a"), namesFile: true };

function rules(...texts: readonly string[]): FilterRules {
  const all = new FilterRules();
  all.add(...texts.map((text) => parseFilterRule(text)));
  return all;
}

test.each<[string, Partial<PullJob>, string]>([
  ["another name", {}, "evil"],
  ["a name that only begins like it", {}, "ab"],
  ["a name that only ends like it", { transfer: { relative: true } }, "e/d/a"],
  ["what lies beside it", { transfer: { relative: true, recursive: true } }, "d/evil"],
  ["what is below it where nobody descends", { transfer: { relative: true } }, "d/a/evil"],
  [
    "more than one of several",
    { moreSources: [{ directory: asBytePath("x"), namesFile: true }] },
    "y",
  ],
  ["what is not among the names", { filesFrom: { names: ["b", "d/c"] } }, "d/x"],
  ["a name that the rules leave out", { filter: rules("- a") }, "a"],
  ["a name that is hidden", { filter: rules("H *") }, "a"],
  ["a name that an earlier rule does not save", { filter: rules("+ b", "- *") }, "a"],
])("a daemon that lists %s ends the pull, and nothing is written", async (_, more, name) => {
  const { error, names, content } = await pullFrom([[agreed, listOf(entry(name))]], {
    from,
    ...more,
  });
  expect(error).toMatchObject({ code: "UNREQUESTED", exitCode: 4, retryable: false });
  expect(error?.message).toContain(`it has "${name}", which `);
  expect(names).toEqual(["", "in", "in/a", "out", "out/secret"]);
  expect(content).toBe("old");
});

test.each<[string, Partial<PullJob>, string]>([
  ["everything is trusted", { trustsSender: true, filter: rules("- evil") }, "evil"],
  ["the arguments are trusted", { trustsArguments: true }, "evil"],
  ["only the daemon knows the names", { filesFrom: { file: "names" } }, "evil"],
  ["only the daemon knows the rules", { filter: rules(": .rules", "- a") }, "a"],
  ["rules count from the daemon's root", { filter: rules("-/ /d/a", "- a") }, "a"],
  ["the rule is for what is deleted", { filter: rules("P a") }, "a"],
  ["an earlier rule saves it", { filter: rules("+ a", "- *") }, "a"],
])("a list is taken where %s", async (_, more, name) => {
  const ended = new AbortController();
  const listed: string[] = [];
  const { error } = await pullFrom([[agreed, listOf(entry(name))]], {
    from,
    transfer: { times: true, relative: false },
    signal: ended.signal,
    listed: (entries) => {
      listed.push(...entries.map(({ path }) => path));
      ended.abort();
    },
    ...more,
  });
  expect(listed).toEqual([name]);
  expect(error?.code).toBe("ABORTED");
});

test.each<[string, Parameters<typeof listDirectory>[1]]>([
  ["another name", {}],
  ["a name that the rules leave out", { filter: rules("- evil"), trustsArguments: true }],
])("a listing of %s is refused, too", async (_, options) => {
  await using peer = await startPeer(
    converse([
      [/^/, ready],
      [agreed, listOf(entry("evil"))],
    ]),
  );
  const target = { host: "127.0.0.1", port: peer.port, module: "m", ...from };
  await expect(listDirectory(target, { timeoutMs: 2_000, ...options })).rejects.toMatchObject({
    code: "UNREQUESTED",
  });
});
