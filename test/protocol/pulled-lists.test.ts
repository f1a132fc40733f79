import { expect, test } from "vitest";
import type { FileEntry } from "../../protocol/flist/entry.ts";
import { EntryWriter } from "../../protocol/flist/entry-writer.ts";
import { FilterRules } from "../../protocol/flist/filter.ts";
import { parseFilterRule } from "../../protocol/flist/filter-rule.ts";
import { runPull } from "../../protocol/puller.ts";
import { FileIndexWriter, indexDone, indexListEnd } from "../../protocol/wire/file-index.ts";
import type { Writer } from "../../protocol/wire/writer.ts";
import { flood, startPeer } from "../support/peer.ts";
import { temporaryDirectory } from "../support/tree.ts";
import { ready, readyForLists } from "./scripted-daemon.ts";
import { chosen, data, directory, entry, format, pullFrom, symlink } from "./scripted-pull.ts";

/** A list: of the directory with this number, of the top where there is none; or what ends lists. */
type Said = readonly [number | undefined, ...FileEntry[]] | "lists end" | "done";

/** One list after the other, as one sender tells them. */
function lists(...said: readonly Said[]): Buffer {
  const writer = new EntryWriter(format);
  const indices = new FileIndexWriter();
  return data((to) => {
    for (const each of said) {
      if (each === "done") indices.write(to, indexDone);
      else if (each === "lists end") indices.write(to, indexListEnd);
      else writeList(to, writer, indices, each);
    }
  });
}

function writeList(
  to: Writer,
  writer: EntryWriter,
  indices: FileIndexWriter,
  [number, ...entries]: Exclude<Said, string>,
): void {
  if (number !== undefined) indices.write(to, -101 - number);
  for (const each of entries) writer.write(to, each);
  to.uint8(0);
  to.uint8(0);
}

const root = directory("");
const top = [undefined, root, entry("f"), directory("d"), directory("e")] as const;

const wrong: readonly (readonly [string, readonly Said[]])[] = [
  ["of a directory that is not listed", [top, [3, entry("d/x")]]],
  [
    "where only a file is listed",
    [
      [undefined, entry("f")],
      [0, entry("f/x")],
    ],
  ],
  ["of a negative directory", [top, [-50, entry("x")]]],
  ["a second time", [top, [1, entry("d/x")], [1, entry("d/y")]]],
  ["of the root, whose content is there", [top, [0, entry("x")]]],
  ["behind the end of lists", [top, "lists end", [1, entry("d/x")]]],
  ["that ends twice", [top, "lists end", "lists end"]],
  ["with a name of another directory", [top, [1, entry("e/x")]]],
  ["with a name that lies deeper", [top, [1, entry("d/deep/x")]]],
  ["with the root in it", [top, [1, root]]],
  ["with a name above it", [top, [1, entry("d/../../evil")]]],
  ["whose first has a name that lies deeper", [[undefined, root, entry("d/x")]]],
  [
    "below a link",
    [
      [undefined, root, symlink("d", "../out")],
      [1, entry("d/evil")],
    ],
  ],
  ["that is done with before we are", [top, [1, entry("d/x")], "done", "done", "done"]],
];

test("a list that comes later is held against the rules, too", async () => {
  const said = lists(top, [1, entry("d/x"), entry("d/left-out")]);
  const filter = new FilterRules();
  filter.add(parseFilterRule("- left-out"));
  const { error, names } = await pullFrom([[/xxh64./s, said]], { setUp: readyForLists, filter });
  expect(error?.code).toBe("UNREQUESTED");
  expect(names.filter((name) => name.startsWith("in/d/"))).toEqual([]);
});

test.each(wrong)("a list %s ends the session, and nothing is written outside", async (_, said) => {
  const { error, names, content } = await pullFrom([[chosen, lists(...said)]], {
    setUp: readyForLists,
  });
  expect(error?.code).toBe("BAD_STREAM");
  expect(names.filter((name) => !/^in\/[def]/.test(name))).toEqual([
    "",
    "in",
    "in/a",
    "out",
    "out/secret",
  ]);
  expect(content).toBe("old");
});

test("a list that nobody offered to take in pieces ends the session", async () => {
  const { error } = await pullFrom([[chosen, lists(top, [1, entry("d/x")])]], { setUp: ready });
  expect(error?.message).toContain("a file list, though all were here");
});

test.each([
  ["one directory in the other", true],
  ["of one directory after the other", false],
])("lists without end, %s, meet a limit", async (_, isDeep) => {
  const name = (at: number): string => `d${String(at).padStart(4, "0")}`;
  await using peer = await startPeer((socket) => {
    const writer = new EntryWriter(format);
    const indices = new FileIndexWriter();
    const pieces = function* (): Generator<Buffer> {
      yield readyForLists;
      const tops = Array.from({ length: 900 }, (_, at) => directory(name(at)));
      yield data((to) => writeList(to, writer, indices, [undefined, root, ...tops]));
      for (let at = 0, above = name(0); ; at += 1) {
        const number = isDeep && at > 0 ? 900 + at : at + 1;
        const below = isDeep ? `${above}/d` : `${name(at)}/x`;
        yield data((to) => writeList(to, writer, indices, [number, directory(below)]));
        above = below;
      }
    };
    flood(socket, pieces());
  });
  using work = temporaryDirectory();
  const pulling = runPull({
    target: { host: "127.0.0.1", port: peer.port, module: "m" },
    destination: work.path,
    transfer: { recursive: true },
    mostEntries: 1_000,
    timeoutMs: 2_000,
  });
  await expect(pulling).rejects.toMatchObject({
    message: "Cannot take the file list: more than 1000 entries",
  });
});
