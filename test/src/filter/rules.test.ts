import { describe, expect, test } from "vitest";
import { asBytePath, pathFromText } from "../../../protocol/index.ts";
import { ExpressionSet } from "../../../src/filter/expression-set.ts";
import type { FilterConfig } from "../../../src/filter/filter.ts";
import { compileRules, expressionProblem } from "../../../src/filter/rules.ts";

const empty: FilterConfig = { expressions: [], patterns: [], builtin: false };

function expressions(...texts: string[]): FilterConfig {
  return { ...empty, expressions: texts.map((text) => pathFromText(text)) };
}

/** Whether "a/b" (a file) or "a/b/" (a directory) is excluded. */
function excludes(filter: FilterConfig, path: string): boolean {
  const isDirectory = path.endsWith("/");
  return compileRules(filter).excluded(pathFromText(path.replace(/\/$/, "")), isDirectory);
}

describe("sersync's expressions", () => {
  test.each([
    ["^info/*", "info/", true],
    ["^info/*", "info/a/b.txt", true],
    ["^info/*", "a/info/", false],
    ["^info/*", "info2", false],
    ["(.*)\\.svn", "a/.svn/", true],
    ["(.*)\\.svn", "a/.svn/entries", true],
    ["(.*)\\.svn", "x.svn", true],
    ["(.*)\\.svn", "x.svn2", false],
    ["/a/b", "a/b", true],
    ["/a/b", "a/b/c/d", true],
    ["/a/b", "x/a/b", false],
    ["a/c", "a/c", false],
    ["[^/]*\\.tmp", "x.tmp", true],
    ["[^/]*\\.tmp", "a/x.tmp", false],
    ["cache/", "cache/", true],
    ["cache/", "cache", false],
    ["a/cache/", "a/cache/x", true],
    ["(.*)/info/*", "a/info/", true],
    ["(.*)\\.(jpg|PNG)", "a/x.PNG", true],
    ["(?i)(.*)\\.(jpg|PNG)", "a/x.JPG", true],
    ["照片", "照片/1.jpg", true],
    ["..", "中", false],
    ["...", "中", true],
    ["^(?!.*\\.php$).*", "a/x.html", true],
    ["^(?!.*\\.php$).*\\..*", "a/x.php", false],
    ["\\Qa+b\\E", "a+b", true],
    ["[[:digit:]]+", "123", true],
    ["x{2,3}", "xx", true],
    ["x{2,3}", "xxxx", false],
  ])("%s on %s: %s", (expression, path, answer) => {
    expect(excludes(expressions(expression), path)).toBe(answer);
  });

  test("the root is never excluded", () => {
    expect(compileRules(expressions(".*")).excluded(asBytePath(""), true)).toBe(false);
  });

  test("the built-in rules of sersync hold when asked for, for non-directories", () => {
    const builtin = { ...empty, builtin: true };
    const paths = [".env", "a/x~", "a/4913", ".git/", ".git/config", "4913x"];
    expect(paths.filter((path) => excludes(builtin, path))).toEqual([".env", "a/x~", "a/4913"]);
    expect(paths.filter((path) => excludes(empty, path))).toEqual([]);
  });

  test("says which rule decided, and where", () => {
    const rules = compileRules(expressions("(.*)\\.gz", "^info/*"));
    expect(rules.explain(asBytePath("info/a/b"), false)).toEqual({
      path: "info",
      rule: "filter expression ^info/*",
    });
    expect(rules.explain(asBytePath("a/b.gz"), false)?.rule).toBe("filter expression (.*)\\.gz");
    expect(rules.explain(asBytePath("a/b"), false)).toBeUndefined();
  });
});

test.each([
  ["*.php", "write (.*)\\.php"],
  ["(a", "a ( without its )"],
  ["a)", "a ) without its ("],
  ["[a", "a [ without its ]"],
  ["a\\", "a \\ with nothing behind it"],
  ["(a)\\1", "backreference"],
  ["a(?=b)", "(?=b is not supported"],
  ["[z-a]", "does not go upwards"],
  ["a{3,2}", "counts backwards"],
  ["(a{1000}){1000}", "too large"],
  ["+a", "has nothing in front to repeat"],
  ["a\\y", "\\y is not supported"],
  ["(".repeat(5_000), "more than 4096 bytes"],
])("%s is refused in words", (expression, said) => {
  expect(expressionProblem(expression)).toContain(said);
});

test("a file name cannot stop the matcher", () => {
  const set = new ExpressionSet(["(.*a)*b", "(a|aa)*c", "(.*)(.*)(.*)(.*)x"]);
  const started = performance.now();
  expect(set.match("a".repeat(4_096))).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("states are thrown away before they fill the memory", () => {
  const set = new ExpressionSet(["(a|b)*a(a|b){12}"]);
  for (let number = 0; number < 4_000; number += 1) {
    const text = number.toString(2).padStart(14, "0").replaceAll("0", "b").replaceAll("1", "a");
    expect(set.match(text) !== undefined).toBe(text.at(-13) === "a");
  }
});

describe("rsync's patterns", () => {
  // Agreed with rsync 3.5's own `rsync -n --list-only --exclude=PATTERN`.
  test.each([
    ["*.o", "a/b.o", true],
    ["*.o", "a/b.oo", false],
    ["/x", "x", true],
    ["/x", "a/x", false],
    ["x/", "x/", true],
    ["x/", "x", false],
    ["a/b", "c/a/b", true],
    ["a/b", "ca/b", false],
    ["/a/*", "a/b/c", true],
    ["a?c", "a/c", false],
    ["a**c", "a/b/c", true],
    ["/a/**", "a/b/c", true],
    ["**/c", "c", true],
    ["**/c", "a/b/c", true],
    ["[!a]x", "bx", true],
    ["[!a]x", "ax", false],
    ["dir/***", "dir/", true],
    ["dir/***", "dir/a", true],
    ["dir/***", "dir", false],
    ["a\\*", "a*", true],
    ["a\\b", "a\\b", true],
    ["info/*", "info/a", true],
    ["info/*", "info/", false],
  ])("%s on %s: %s", (pattern, path, answer) => {
    const filter = { ...empty, patterns: [{ include: false, pattern }] };
    expect(excludes(filter, path)).toBe(answer);
  });

  test("the first match decides", () => {
    const filter = {
      ...empty,
      patterns: [
        { include: true, pattern: "keep.o" },
        { include: false, pattern: "*.o" },
      ],
    };
    expect(excludes(filter, "a/keep.o")).toBe(false);
    expect(excludes(filter, "a/other.o")).toBe(true);
  });

  test("a crontab's own patterns come on top", () => {
    const rules = compileRules(empty, ["*.php", "info/*"]);
    expect(rules.excluded(asBytePath("a/b.php"), false)).toBe(true);
    expect(rules.explain(asBytePath("info/x/y"), false)).toEqual({
      path: "info/x",
      rule: "crontabfilter pattern info/*",
    });
  });
});
