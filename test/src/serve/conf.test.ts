import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Conf, readConf } from "../../../src/serve/conf.ts";
import { ConfError, formatProblem } from "../../../src/serve/problem.ts";

/** Files by name; a directory is the part of their names in front of the last "/". */
function read(
  given: string | Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
): Conf {
  const files: Readonly<Record<string, string>> =
    typeof given === "string" ? { "/c.conf": given } : given;
  const list = (directory: string): string[] | undefined => {
    const names = Object.keys(files).filter((file) => file.startsWith(`${directory}/`));
    return names.length === 0 ? undefined : names.map((name) => name.slice(directory.length + 1));
  };
  return readConf("/c.conf", {
    files: {
      read: (file) => files[file] ?? { reason: "it does not exist" },
      list,
      exists: (file) => files[file] !== undefined,
    },
    variables: (name) => variables[name],
  });
}

/** What a listing by rsync shows of the modules. */
function comments(conf: Conf): [string, string | undefined][] {
  return conf.sections.map(({ name, settings }) => [name, settings.get("comment")?.value]);
}

// Every expectation is what rsync 3.5.0 lists for the same file.
describe("as rsync reads it", () => {
  test.each([
    [
      "modules of one name are one",
      "[m]\ncomment = one\n[n]\n[M]\ncomment = two\n",
      [
        ["m", "two"],
        ["n", undefined],
      ],
    ],
    [
      "[global] goes back to the defaults",
      "[n]\n[global]\ncomment = d\n[ my   mod ]\n",
      [
        ["n", "d"],
        ["my mod", "d"],
      ],
    ],
    [
      "a default holds for what comes later",
      "comment = 1\n[a]\n[global]\ncomment = 2\n[c]\n",
      [
        ["a", "1"],
        ["c", "2"],
      ],
    ],
    ["an empty text is a text", "comment = 1\n[b]\ncomment =\n", [["b", ""]]],
    ["remarks", "; x\n # y \\\n[m]\n ; comment = 3\ncomment = a # b\n", [["m", "a # b"]]],
    ["continued lines keep their blanks", "[a]\ncomment = a \\\n   b\\\nc  \n", [["a", "a    bc"]]],
    ["names can be continued", "[ab\\\nc]\ncom\\\nment = q\\\n", [["abc", "q"]]],
    ["a backslash at the very end", "[e]\ncomment = x \\", [["e", "x \\"]]],
    ["only the first = counts", "[a]\n CoM ment=v=w\n", [["a", "v=w"]]],
    ["tabs and CR", "\t[a]\t\r\n\tcomment\t=\tx\ty\t\r\n", [["a", "x\ty"]]],
  ] as const)("%s", (_, text, wanted) => {
    expect(comments(read(text))).toEqual(wanted);
  });

  test.each([
    ["x%%y", "x%%y"],
    ["%%FOO%%", "%bar%"],
    ["5% and %FOO%", "5% and bar"],
    ["%FOO %", "%FOO %"],
    ["100%", "100%"],
    ["%FOO%%FOO%", "barbar"],
    ["%FOO%%%z", "bar%%z"],
    ["%NOPE% 50%", "%NOPE% 50%"],
    ["%RSYNC_MODULE_NAME%", "a"],
  ])("variables in %j give %j", (text, wanted) => {
    expect(comments(read(`[a]\ncomment = ${text}`, { FOO: "bar" }))).toEqual([["a", wanted]]);
  });

  test("a module may be named by a variable", () => {
    expect(comments(read("[%FOO%]\ncomment = z", { FOO: "bar" }))).toEqual([["bar", "z"]]);
  });

  const more = {
    "/inc/b.conf": "comment = inside\n[i1]\n",
    "/inc/a.conf": "[i2]\ncomment = two\n",
    "/inc/m.inc": "list = yes\n[z]\nlist = yes\n",
    "/inc/x.txt": "[never]\n",
  };

  test("&include leaves the defaults alone, and ends the module", () => {
    const text = "comment = outer\n[a]\n&include /inc\ncomment = after\n[b]\n";
    expect(comments(read({ "/c.conf": text, ...more }))).toEqual([
      ["a", "outer"],
      ["i2", "two"],
      ["i1", "inside"],
      ["b", "after"],
    ]);
  });

  test("&merge is as if its lines stood there", () => {
    const text = "comment = outer\n[a]\nlist = no\n&merge inc\ncomment = after\n[b]\n";
    const conf = read({ "/c.conf": text, ...more });
    expect(comments(conf)).toEqual([
      ["a", "outer"],
      ["z", "after"],
      ["b", "outer"],
    ]);
    expect(conf.sections[0]?.settings.get("list")?.value).toBe("yes");
  });
});

test("what is not known is ignored, with a warning as in rsync's log", () => {
  const { warnings } = read("foo bar = 3\n[m]\nnonsense=1\nread only\nport = 7\n&include\n");
  expect(warnings.map(formatProblem)).toEqual([
    '/c.conf:1: unknown parameter "foo bar"; it is ignored',
    '/c.conf:3: unknown parameter "nonsense"; it is ignored',
    '/c.conf:4: a parameter needs a "=": found "read only"; the line is ignored',
    '/c.conf:5: "port" is for the whole daemon, and stands in a module',
    "/c.conf:6: a file or directory is needed behind &include: found nothing; the line is ignored",
  ]);
});

function mistakesOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfError) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("every mistake is told at once, with its line", () => {
  const text = "[a/b]\n[]\n[ ]\n[ d\n= 5\n&frob x\n&include /gone\n";
  expect(mistakesOf(() => read(text))).toEqual([
    '/c.conf:1: a module\'s name has no "/": found "a/b"',
    '/c.conf:2: a module needs a name: found "[]"',
    '/c.conf:3: a module needs a name: found "[]"',
    '/c.conf:4: a module\'s name needs a "]": found "[ d"',
    '/c.conf:5: a name is needed in front of "=": found "= 5"',
    '/c.conf:6: &include and &merge are the directives there are: found "&frob"',
    '/c.conf:7: "/gone" cannot be read: it does not exist',
  ]);
});

test("files that include each other are a mistake, soon", () => {
  const circle = {
    "/c.conf": "&include /d",
    "/d/a.conf": "&include /d\n",
    "/d/b.conf": "&include /d\n",
  };
  expect(mistakesOf(() => read(circle))[0]).toMatch(/at most 1000 files can be included, 10 deep/);
});

test("a file that cannot be read is named", () => {
  expect(mistakesOf(() => read({}))).toEqual(["/c.conf:1: it cannot be read: it does not exist"]);
});

describe("any text", () => {
  const piece = fc.constantFrom(
    "[",
    "]",
    "a",
    "=",
    "%",
    "\\",
    "\n",
    " ",
    "#",
    "&include x",
    "&merge ",
    "/",
    "comment",
    "global",
  );
  const text = fc.array(fc.oneof(piece, fc.string({ unit: "binary-ascii" })), { maxLength: 40 });

  test("gives a configuration, or every mistake with its line", () => {
    fc.assert(
      fc.property(text, (pieces) => {
        const mistakes = mistakesOf(() => read(pieces.join("")));
        expect(mistakes.every((each) => /^\/c\.conf:\d+: ./.test(each))).toBe(true);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  const word = fc.stringMatching(/^[a-zA-Z0-9 ._%@:,*-]{0,20}$/).map((each) => each.trim());
  const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,10}$/).filter((each) => each !== "global");
  const written = fc.uniqueArray(fc.tuple(name, word), {
    selector: ([each]) => each,
    maxLength: 8,
  });

  test("that is written from modules gives these modules", () => {
    fc.assert(
      fc.property(written, (modules) => {
        const lines = modules.map(([each, comment]) => `[${each}]\n\tcomment = ${comment}\n`);
        expect(comments(read(lines.join("\n")))).toEqual(modules);
      }),
      { seed: 4 },
    );
  });
});
