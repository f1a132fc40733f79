import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, type FileEntry, isDirectory, nativePath } from "../../../protocol/index.ts";
import { buildBatch, SourceGone, TreeView } from "../../../src/push/batch.ts";
import { carries } from "../../../src/push/kinds.ts";
import { makeTree, type TreeSpec, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions } from "./trees.ts";

/** An entry as a short line; a directory ends in "/", a deletion begins with "-". */
function line(entry: FileEntry): string {
  if (entry.mode === 0) return `-${entry.path}`;
  return isDirectory(entry) ? `${entry.path}/` : entry.path;
}

type Asked = string | { readonly whole: string };

function batchOf(root: string, asked: readonly Asked[], options = batchOptions(root)) {
  const paths = asked.map((asked) =>
    typeof asked === "string"
      ? { path: asBytePath(asked), whole: false }
      : { path: asBytePath(asked.whole), whole: true },
  );
  const { small, large, trees, resolved, settled } = buildBatch(paths, options);
  return {
    small: small.map(line).sort(),
    large: large.map((entries) => entries.map(line).sort()),
    trees,
    settled,
    resolved: Object.fromEntries(resolved),
  };
}

/** The batch for `asked` in a tree of `spec`. */
function batch(spec: TreeSpec, ...asked: Asked[]) {
  using root = temporaryDirectory();
  makeTree(root.path, spec);
  return batchOf(root.path, asked);
}

test("what exists is sent as it is, with the directories above it", () => {
  expect(batch({ "d/e/f": "content", "d/g": "" }, "d/e/f")).toMatchObject({
    small: ["/", "d/", "d/e/", "d/e/f"],
    settled: [],
    resolved: { "d/e/f": "d/e/f" },
  });
});

test("directories above are listed without being looked into", () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/f": "" });
  const { small } = buildBatch(
    [{ path: asBytePath("d/f"), whole: false }],
    batchOptions(root.path),
  );
  expect(small.filter(isDirectory).map(({ hasContent }) => hasContent ?? false)).toEqual([
    false,
    false,
  ]);
});

test("what is gone is deleted", () => {
  expect(batch({ "d/other": "" }, "d/gone")).toMatchObject({
    small: ["-d/gone", "/", "d/"],
    resolved: { "d/gone": "d/gone" },
  });
});

test("paths below a directory that is gone become one deletion, of the highest that is gone", () => {
  expect(batch({ keep: "" }, "d/e/f", "d/e/g", "d/h", "d")).toMatchObject({
    small: ["-d", "/"],
    resolved: { "d/e/f": "d", "d/e/g": "d", "d/h": "d", d: "d" },
  });
});

test("a path whose parent is a file now becomes that file", () => {
  expect(batch({ d: "a file" }, "d/e/f")).toMatchObject({
    small: ["/", "d"],
    resolved: { "d/e/f": "d" },
  });
});

test("a path whose parent is a symlink now becomes the symlink, and the link is not followed", () => {
  const spec = { "real/f": "", d: { type: "symlink", target: "real" } } as const;
  expect(batch(spec, "d/f")).toMatchObject({ small: ["/", "d"], resolved: { "d/f": "d" } });
});

test("a whole directory is a tree; a file that was asked for as a tree is a file", () => {
  expect(batch({ "d/f": "", f: "" }, { whole: "d" }, { whole: "f" })).toMatchObject({
    trees: ["d"],
    small: ["/", "f"],
  });
});

test("a whole tree that is gone is deleted by its name", () => {
  expect(batch({ f: "" }, { whole: "d" })).toMatchObject({ small: ["-d", "/"], trees: [] });
});

test("a file of a MiB has a list of its own, a smaller one has not", () => {
  const spec = { "d/large": Buffer.alloc(1024 * 1024), "d/less": Buffer.alloc(1024 * 1024 - 1) };
  expect(batch(spec, "d/large", "d/less")).toMatchObject({
    large: [["/", "d/", "d/large"]],
    small: ["/", "d/", "d/less"],
  });
});

test.each([
  ["a file", (path: string) => fs.writeFileSync(path, "a file")],
  ["a link to itself", (path: string) => fs.symlinkSync(path, path)],
])("an entry whose directory became %s is left out of a list, and told", (_, make) => {
  using root = temporaryDirectory();
  makeTree(root.path, { "d/e/f": "", "d/g": "", h: "" });
  const { tree } = batchOptions(root.path);
  const entries = ["d/e", "d/e/f", "d/g", "h"].map((path) => tree.lstat(asBytePath(path)));
  fs.rmSync(`${root.path}/d`, { recursive: true });
  make(`${root.path}/d`);
  const odd: string[] = [];
  const view = new TreeView(batchOptions(root.path));
  const found = entries.filter((entry) => entry !== undefined);
  const list = view.withParents(found, (path) => odd.push(path));
  expect(list.map(line)).toEqual(["h", "/"]);
  expect(odd).toEqual(["d/e", "d/e/f", "d/g"]);
});

test("the root itself is an entry like any other", () => {
  expect(batch({ f: "" }, "")).toMatchObject({ small: ["/"], resolved: { "": "" } });
});

test.each(["\xff\xfe bad", "line\nbreak", "*", "[ab]", "-rf", "back\\slash"])(
  "the name %j is sent and deleted as its very bytes",
  (name) => {
    using root = temporaryDirectory();
    makeTree(root.path, { [`${name}/${name}`]: "" });
    const file = asBytePath(`${name}/${name}`);
    expect(batchOf(root.path, [file]).small).toEqual(["/", `${name}/`, file].sort());
    fs.rmSync(nativePath(root.path, asBytePath(name)), { recursive: true });
    expect(batchOf(root.path, [file]).small).toEqual([`-${name}`, "/"].sort());
  },
);

test("what is excluded needs nothing, there or gone, nor does what lies below it", () => {
  using root = temporaryDirectory();
  makeTree(root.path, { "a.tmp": "", "keep/f": "", "cache.tmp/f": "" });
  const options = batchOptions(root.path, { patterns: ["*.tmp"] });
  const asked = ["a.tmp", "gone.tmp", "cache.tmp/f", "gone.tmp/f", "keep/f"];
  expect(batchOf(root.path, asked, options)).toMatchObject({
    settled: ["a.tmp", "gone.tmp", "cache.tmp/f", "gone.tmp/f"],
    small: ["/", "keep/", "keep/f"],
  });
});

test("a rule for directories counts for a name that is gone, whatever it was", () => {
  using root = temporaryDirectory();
  const options = batchOptions(root.path, { patterns: ["cache/"] });
  expect(batchOf(root.path, ["cache"], options).settled).toEqual(["cache"]);
});

test("where deletions are switched off a path that is gone needs nothing", () => {
  using root = temporaryDirectory();
  const options = { ...batchOptions(root.path), deletes: false };
  expect(batchOf(root.path, ["gone", "d/gone"], options)).toMatchObject({
    settled: ["gone", "d/gone"],
    small: [],
  });
});

test("types of objects that the options leave out need nothing", () => {
  using root = temporaryDirectory();
  makeTree(root.path, { link: { type: "symlink", target: "x" }, f: "" });
  const options = batchOptions(root.path);
  const withoutLinks = {
    ...options,
    carries: (entry: FileEntry) => carries(entry, { links: false }),
  };
  expect(batchOf(root.path, ["link", "f"], withoutLinks)).toMatchObject({
    settled: ["link"],
    small: ["/", "f"],
  });
  expect(batchOf(root.path, ["link"], options).small).toEqual(["/", "link"]);
});

test("a root that is gone, or another directory, ends the batch: nothing may be deleted", () => {
  using root = temporaryDirectory();
  makeTree(`${root.path}/watched`, { f: "" });
  const options = batchOptions(`${root.path}/watched`);
  fs.renameSync(`${root.path}/watched`, `${root.path}/away`);
  expect(() => batchOf(`${root.path}/watched`, ["f"], options)).toThrow(SourceGone);
  fs.mkdirSync(`${root.path}/watched`);
  expect(() => batchOf(`${root.path}/watched`, ["f"], options)).toThrow("another directory");
});
