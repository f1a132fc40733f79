import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { cvsRules } from "../../../protocol/flist/cvs.ts";
import { FilterRules } from "../../../protocol/flist/filter.ts";
import { parsePatternFile } from "../../../protocol/flist/filter-file.ts";
import {
  type FilterRule,
  impliedCvsRules,
  parseFilterRule,
  parsePatternRule,
} from "../../../protocol/flist/filter-rule.ts";
import { asBytePath } from "../../../protocol/path.ts";

function rulesOf(...texts: string[]): FilterRules {
  const rules = new FilterRules();
  rules.add(...texts.map((text) => parseFilterRule(text)));
  return rules;
}

/** A path that ends in "/" is a directory's. */
function isExcluded(rules: FilterRules, path: string, files: Record<string, string> = {}): boolean {
  const excluded = rules.excluding((file) => files[file]);
  return excluded(asBytePath(path.replace(/\/$/, "")), path.endsWith("/"));
}

test.each([
  ["*.o", "a.o", true],
  ["*.o", "dir/a.o", true],
  ["*.o", "a.o.c", false],
  ["/top", "top", true],
  ["/top", "dir/top", false],
  ["dir/", "dir/", true],
  ["dir/", "dir", false],
  ["a/b", "x/a/b", true],
  ["a/b", "xa/b", false],
  ["a/*", "a/b/c", false],
  ["a/**", "a/b/c", true],
  ["**/b", "b", true],
  ["a/***", "a/", true],
  ["a/***", "a", false],
  ["a/***", "a/b/c", true],
  ["[!a-c]x", "dx", true],
  ["[!a-c]x", "ax", false],
  ["[[:digit:]]", "7", true],
  ["[z-a]", "z", true],
  ["[z-a]", "a", false],
  ["[+--]", ",", true],
  ["[a-c-z]", "-", true],
  ["[a-c-z]", "f", false],
  ["[!a-[:digit:]]", "x]", true],
  ["[![:nonsense:]]", "a", false],
  ["?", "/", false],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["a\\b", "a\\b", true],
  ["[", "[", false],
  ["(x|y)+$", "(x|y)+$", true],
])("the pattern %j and %j: %j", (pattern, path, excluded) => {
  expect(isExcluded(rulesOf(`- ${pattern}`), path)).toBe(excluded);
});

test("the first rule that matches decides, and no rule means in", () => {
  const rules = rulesOf("+ keep.o", "- *.o");
  expect(isExcluded(rules, "keep.o")).toBe(false);
  expect(isExcluded(rules, "drop.o")).toBe(true);
  expect(isExcluded(rules, "other")).toBe(false);
});

test("rules of the receiver's side leave sending alone, negated ones turn around", () => {
  expect(isExcluded(rulesOf("P x"), "x")).toBe(false);
  expect(isExcluded(rulesOf("H x"), "x")).toBe(true);
  expect(isExcluded(rulesOf("-! *.c"), "x.h")).toBe(true);
  expect(isExcluded(rulesOf("-! *.c"), "x.c")).toBe(false);
});

test("a rule to forget forgets what was said before it", () => {
  expect(isExcluded(rulesOf("- x", "!", "- y"), "x")).toBe(false);
  expect(isExcluded(rulesOf("- x", "clear", "- y"), "y")).toBe(true);
});

test("files in directories add rules for what is below, the deeper ones first", () => {
  const rules = rulesOf(":e .rules", "- *.tmp");
  const files = { ".rules": "- *.log\n# a remark\n", "a/.rules": "+ keep.log\n- /here\n" };
  expect(isExcluded(rules, "x.log", files)).toBe(true);
  expect(isExcluded(rules, "a/keep.log", files)).toBe(false);
  expect(isExcluded(rules, "a/b/other.log", files)).toBe(true);
  expect(isExcluded(rules, "a/here", files)).toBe(true);
  expect(isExcluded(rules, "a/b/here", files)).toBe(false);
  expect(isExcluded(rules, "a/.rules", files)).toBe(true);
  expect(isExcluded(rules, "a/x.tmp", files)).toBe(true);
});

test("such a file may hold for its directory only, or forget what is above", () => {
  const files = { ".r": "- x\n", "a/.r": "!\n" };
  expect(isExcluded(rulesOf(":n .r"), "x", files)).toBe(true);
  expect(isExcluded(rulesOf(":n .r"), "b/x", files)).toBe(false);
  expect(isExcluded(rulesOf(": .r"), "b/x", files)).toBe(true);
  expect(isExcluded(rulesOf(": .r"), "a/x", files)).toBe(false);
});

test("--exclude and --include take patterns, and prefixes all the same", () => {
  expect(parsePatternRule("exclude", "+ x")).toMatchObject({ kind: "include", pattern: "x" });
  expect(parsePatternRule("include", "x y")).toMatchObject({ kind: "include", pattern: "x y" });
  expect(parsePatternFile("# remark\n\n a \r\n; b\nc", "exclude")).toMatchObject([
    { pattern: " a " },
    { pattern: "c" },
  ]);
  expect(parsePatternFile("#a\0b\0", "exclude", true)).toMatchObject([
    { pattern: "#a" },
    { pattern: "b" },
  ]);
});

// What the 3.5.0 client sends for these with --delete (spec 1 §6).
test.each([
  [
    ["- /top/", "+ keep", "- *.o"],
    ["- /top/", "+ keep", "- *.o"],
  ],
  [
    ["P prot", "H hid", "-! neg", "-p per"],
    ["-r prot", "-! neg", "-p per"],
  ],
  [
    ["R risk", "S show", ": .rf", ":n- .x"],
    ["+r risk", ": .rf", ":n- .x"],
  ],
  [
    ["exclude,p long", "protect x y"],
    ["-p long", "-r x y"],
  ],
  [
    [":C", ": /.rsync-filter", "-x user.a", "-xr user.a", "-/ /etc/x", ":/- .rules", ":s .rules"],
    [":C .cvsignore", ": /.rsync-filter", "-x user.a", "-xr user.a", "-/ /etc/x", ":/- .rules"],
  ],
])("the rules %j are sent as %j", (texts, sent) => {
  expect(rulesOf(...texts).onWire(32, false)).toEqual(sent);
});

test("--delete-excluded keeps plain rules to ourselves", () => {
  const rules = rulesOf("- x", "P y", "+ z", ": a", ":- b", ":C");
  expect(rules.onWire(32, true)).toEqual(["-r y", ": a"]);
});

test("old protocols get patterns, and a refusal for what they cannot say", () => {
  expect(rulesOf("- *.o", "+ keep", "- - x").onWire(28, false)).toEqual(["*.o", "+ keep", "- - x"]);
  expect(() => rulesOf("P x").onWire(28, false)).toThrow(RsyncError);
});

// As the 3.5.0 client sends them; of the usual patterns the first and the last.
test.each([
  [32, [":C .cvsignore", "-p RCS", "-p .bzr/", "- mine", "- theirs"]],
  [29, [":C .cvsignore", "- RCS", "- .bzr/", "- mine", "- theirs"]],
  [28, ["RCS", ".bzr/", "mine", "theirs"]],
])("what CVS ignores is sent to protocol %i as rules of ours", (protocol, sent) => {
  const rules = new FilterRules();
  const [merge, cvs] = impliedCvsRules() as [FilterRule, FilterRule];
  rules.add(merge, ...cvsRules("mine", "theirs", cvs));
  const told = rules.onWire(protocol, false);
  expect(told.filter((rule) => sent.includes(rule))).toEqual(sent);
  expect(told).toHaveLength(protocol < 29 ? 38 : 39);
  expect(rules.toSender(protocol)).toEqual([]);
  expect(cvsRules("mine ! a", undefined, cvs)).toMatchObject([{ pattern: "a" }]);
});

test("rules about attributes say which are sent, and nothing of files", () => {
  const sends = rulesOf("-x user.a*", "+x user.*", "-x! user.*", "- user.b").sendsAttribute();
  const names = ["user.abc", "user.b", "system.x"];
  expect(names.map((name) => sends?.(name))).toEqual([false, true, false]);
  expect(rulesOf("- a").sendsAttribute()).toBeUndefined();
  expect(isExcluded(rulesOf("-x a"), "a")).toBe(false);
});

test("files of rules may merge files beside them, and lead to others, but never to themselves", () => {
  const files = {
    "a/.r": ". more\n: .deep\n",
    "a/more": "- x\n",
    "a/b/.deep": "- y\n: .deep\n: .r\n",
  };
  const rules = rulesOf(": .r");
  expect(isExcluded(rules, "a/x", files)).toBe(true);
  expect(isExcluded(rules, "a/b/y", files)).toBe(true);
  expect(isExcluded(rules, "y", files)).toBe(false);
  const bad = { ".r": ". ../x\n", a: ". a\n" };
  expect(() => isExcluded(rules, "x", bad)).toThrow(/not beside it/);
  expect(() => isExcluded(rulesOf(": a"), "x", bad)).toThrow(RsyncError);
});

test.each(["", "x", "- ", "-z x", "banana x", "merge", ":q x", "-C x", "Hs x", "P,r x"])(
  "%j is no rule",
  (text) => {
    expect(() => parseFilterRule(text)).toThrow(/Cannot use the filter rule/);
  },
);

test("files that all lead to each other come to an end", () => {
  const content = Array.from({ length: 12 }, (_, n) => `: .f${n}`).join("\n");
  const rules = new FilterRules();
  rules.add(parseFilterRule(": .f0"));
  const excluded = rules.excluding(() => content);
  const started = performance.now();
  expect(() => excluded(asBytePath("a/b"), false)).toThrow("they lead to too many others");
  expect(performance.now() - started).toBeLessThan(20_000);
});
