import { expect, test } from "vitest";
import { AccessListWriter } from "../../../protocol/flist/acl.ts";
import { deletion, type FileEntry } from "../../../protocol/flist/entry.ts";
import { EntryWriter } from "../../../protocol/flist/entry-writer.ts";
import { listFormat } from "../../../protocol/flist/format.ts";
import { NamesOnce } from "../../../protocol/flist/id-names.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { Writer } from "../../../protocol/wire/writer.ts";

const idNames = {
  user: (id: number) => (id === 1000 ? "alice" : undefined),
  group: (id: number) => (id === 0 ? "root" : undefined),
};
const inPieces = { protocol: 32, compat: 0x1ff };

function file(path: string, rest: Partial<FileEntry> = {}): FileEntry {
  const mtimeSeconds = 1_704_164_645;
  return { ...deletion(asBytePath(path)), mode: 0o100644, size: 6, mtimeSeconds, ...rest };
}

const named = { linkCount: 2, identity: { device: 1, inode: 7 } };

/** What each entry looks like, in hex; a number begins a list. */
function written(writer: EntryWriter, ...entries: readonly (FileEntry | number)[]): string[] {
  const to = new Writer();
  return entries.flatMap((each) => {
    if (typeof each === "number") {
      writer.beginList(each);
      return [];
    }
    writer.write(to, each);
    return [Buffer.from(to.take()).toString("hex")];
  });
}

// Spec 1 §7.6, as stock rsync sends it: the number of the first name, and all the rest when that
// stands in an earlier list.
test("a further name of a file in an earlier list has all attributes, in the same list none", () => {
  const writer = new EntryWriter(listFormat(inPieces, { hardLinks: true }));
  expect(
    written(
      writer,
      1,
      file("a", named),
      file("b", named),
      5,
      file("d/c", named),
      file("d/d", named),
    ),
  ).toEqual([
    "9218" + "0161" + "000600" + "65257d93" + "a4810000",
    "829a" + "0162" + "01",
    "829a" + "03642f63" + "01" + "000600",
    "82ba" + "020164" + "01" + "000600",
  ]);
});

test("names of owners follow their numbers, each once in all lists", () => {
  const writer = new EntryWriter(listFormat(inPieces, { owner: true, group: true }, { idNames }));
  const at = (path: string, uid: number, gid: number): FileEntry => file(path, { uid, gid });
  const [first, second, third, fourth] = written(
    writer,
    1,
    at("a", 1000, 0),
    at("b", 1000, 5),
    4,
    at("c", 0, 0),
    at("d", 1000, 0),
  );
  const name = (text: string): string => Buffer.from(text).toString("hex");
  expect(first).toBe(`8c00016100060065257d93a481000083e805${name("alice")}0004${name("root")}`);
  expect(second).toBe("808a016200060005");
  expect(third).toBe("808201630006000000");
  expect(fourth).toBe("8092016400060083e8");
});

test("without names, or with numbers only, nothing follows", () => {
  const options = { owner: true, group: true, numericIds: true };
  const writer = new EntryWriter(listFormat(inPieces, options, { idNames }));
  const [first] = written(writer, 1, file("a", { uid: 1000, gid: 0 }));
  expect(first).toBe("04016100060065257d93a481000083e800");
});

test("names in access lists follow, too, each once", () => {
  const writer = new AccessListWriter(new NamesOnce(idNames));
  const to = new Writer();
  const list = (permissions: number) =>
    ({ named: [{ kind: "user", id: 1000, permissions }] }) as const;
  writer.write(to, list(6));
  writer.write(to, list(7));
  const name = Buffer.from("alice").toString("hex");
  expect(Buffer.from(to.take()).toString("hex")).toBe(`00100183e81b05${name}00100183e81e`);
});
