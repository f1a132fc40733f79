import fc from "fast-check";
import { expect, test } from "vitest";
import { AccessListWriter, beyondMode, parseAccessList } from "../../../protocol/flist/acl.ts";
import { longestListedValue, XattrWriter } from "../../../protocol/flist/xattr.ts";
import { encoded as buffered, type Writer } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { accessList } from "../../support/xattr.ts";

const encoded = (write: (to: Writer) => void) => Uint8Array.from(buffered(write));
const bytes = (text: string) => Buffer.from(text);
const foo = { name: "user.foo", value: bytes("bar") };

// Written by rsync 3.5.0, with -aHAX of a tree with these attributes.
test("attributes are written as rsync writes them, and equal ones by their number", () => {
  const writer = new XattrWriter();
  const z = [
    { name: "trusted.t", value: bytes("") },
    foo,
    { name: "user.long", value: Buffer.alloc(100, "x") },
  ];
  const lists = [[], [foo], [{ name: "trusted.link", value: bytes("L") }], z, z, []];
  const written = lists.map((list) => encoded((to) => writer.write(to, list)));
  expect(written).toEqual(
    [
      "00 00",
      "00 01 09 03 757365722e666f6f00 626172",
      "00 01 0d 01 747275737465642e6c696e6b00 4c",
      `00 03 0a 00 747275737465642e7400 09 03 757365722e666f6f00 626172
       0a 64 757365722e6c6f6e6700 aed563ecafb4bcc5654c597a421547b2`,
      "04",
      "01",
    ].map(hex),
  );
});

test("access lists are written as rsync writes them", () => {
  const access = new AccessListWriter();
  const z = accessList(
    ["owner", 6],
    ["user", 6, 1],
    ["group", 4],
    ["namedGroup", 5, 2],
    ["mask", 6],
    ["other", 4],
  );
  const plain = beyondMode(parseAccessList(new Uint8Array(0)), 0o755);
  const shown = beyondMode(parseAccessList(z), 0o664);
  expect(
    [plain, plain, shown, shown].map((list) => encoded((to) => access.write(to, list))),
  ).toEqual(["00 00", "01", "00 12 04 02 01 1a 02 14", "02"].map(hex));
  const inherited = accessList(
    ["owner", 7],
    ["user", 5, 1],
    ["group", 5],
    ["mask", 5],
    ["other", 5],
  );
  const defaults = new AccessListWriter();
  expect(encoded((to) => defaults.write(to, parseAccessList(inherited)))).toEqual(
    hex("00 1f 07 05 05 05 01 01 16"),
  );
});

test("what is no access list says nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
      const { named } = parseAccessList(value);
      expect(named.length).toBeLessThanOrEqual(value.length / 8);
      expect(value[0] === 2 || named.length === 0).toBe(true);
    }),
  );
});

test("long values stay here, however many there are", () => {
  const value = Buffer.alloc(60_000, "v");
  const list = Array.from({ length: 100 }, (_, i) => ({ name: `user.${i}`, value }));
  const writer = new XattrWriter();
  expect(encoded((to) => writer.write(to, list)).length).toBeLessThan(100 * longestListedValue);
});
