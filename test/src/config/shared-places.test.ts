import { expect, test } from "vitest";
import type { Source } from "../../../src/config/schema.ts";
import { notesOf, type ParsingOptions, parse } from "./parsing.ts";

/** A configuration of these directories, each with its remotes as `host/module/directory`. */
function mirroring(
  sources: Readonly<Record<string, readonly string[]>>,
  { params = "-a", deletes = true } = {},
): string {
  const localpaths = Object.entries(sources).map(([watch, remotes]) => {
    const lines = remotes.map((remote) => {
      const [host, ...name] = remote.split("/");
      return `<remote ip="${host}" name="${name.join("/")}"/>`;
    });
    return `<localpath watch="${watch}">${lines.join("")}</localpath>`;
  });
  return `<head><inotify><delete start="${deletes}"/></inotify><sersync>${localpaths.join("")}
<rsync><commonParams params="${params}"/></rsync></sersync></head>`;
}

function warningsOf(text: string, options: ParsingOptions = {}): string[] {
  return notesOf(text, options).filter((note) => note.startsWith("remote"));
}

/** The destinations that are marked as shared, as they are written. */
function sharedIn(sources: readonly Source[]): string[] {
  const remotes = sources.flatMap((source) => source.remotes);
  return remotes.filter(({ isShared }) => isShared).map(({ host, name }) => `${host}/${name}`);
}

test("a destination that stands twice is taken once", () => {
  const text = mirroring({ "/a": ["h/m", "h/other", "h/m/"] });
  expect(parse(text).config.sources[0]?.remotes.map(({ name }) => name)).toEqual(["m", "other"]);
  expect(warningsOf(text)).toEqual([
    'remote: "h::m/" stands again in <localpath>; the first one is taken',
  ]);
});

test.each([
  ["to one place", { "/a": ["h/m"], "/b": ["h/m"] }, ["h/m", "h/m"]],
  ["into another's", { "/a": ["h/m", "g/m"], "/b": ["h/m/b"] }, ["h/m", "h/m/b"]],
  ["around another's", { "/a": ["h/m/a/x"], "/b": ["h/m/./a"] }, ["h/m/a/x", "h/m/./a"]],
  [
    "around several others'",
    { "/a": ["h/m/a", "h/m/b"], "/b": ["h/m"] },
    ["h/m/a", "h/m/b", "h/m"],
  ],
] as const)("what is mirrored %s is compared without deleting", (_name, sources, shared) => {
  const text = mirroring(sources);
  expect(sharedIn(parse(text).config.sources)).toEqual(shared);
  expect(warningsOf(text)).toEqual([expect.stringContaining('where "/a" is mirrored, too')]);
});

test("over ssh everybody has a home of their own", () => {
  const sources = {
    "/a": ["x@h/dir", "y@h/dir"],
    "/b": ["z@h/dir/b", "z@h//srv"],
    "/c": ["x@h//srv"],
  };
  const text = mirroring(sources).replace(
    "</rsync></sersync>",
    `<ssh start="true"/></rsync></sersync>`,
  );
  const parsed = parse(text).config.sources;
  expect(parsed[0]?.remotes.map(({ user }) => user)).toEqual(["x", "y"]);
  expect(sharedIn(parsed)).toEqual(["h//srv", "h//srv"]);
});

test.each([
  ["are beside each other", { "/a": ["h/m/a"], "/b": ["h/m/ab", "g/m/a"] }, {}],
  [
    "have the inner one filtered",
    { "/a": ["h/m"], "/b": ["h/m/b"] },
    { params: "-a --exclude=/b/" },
  ],
  ["never are deleted at", { "/a": ["h/m"], "/b": ["h/m"] }, { deletes: false }],
] as const)("destinations that %s are nobody else's", (_name, sources, options) => {
  const text = mirroring(sources, options);
  expect(sharedIn(parse(text).config.sources)).toEqual([]);
  expect(warningsOf(text)).toEqual([]);
});
