import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { AttributeSender, readWantedNumbers } from "../../../protocol/roles/attribute-sender.ts";
import { MemoryTree } from "../../../protocol/source/memory.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { encoded as buffered, Writer } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";

const xattrs = {
  "user.a": "short",
  "user.b": Buffer.alloc(33, "b"),
  "user.c": Buffer.alloc(34, "c"),
};
const tree = new MemoryTree({ f: { content: "", xattrs }, g: "" });
const entryOf = (name: string) => {
  const entry = tree.entries().find(({ path }) => path === asBytePath(name));
  if (entry === undefined) throw new TypeError(`no ${name}`);
  return entry;
};
const compat = 0x1fe;
const encoded = (write: (to: Writer) => void) => Uint8Array.from(buffered(write));

function listed(transfer = { xattrs: true, dryRun: false }): AttributeSender {
  const sender = new AttributeSender({ source: tree, transfer, protocol: 31, compat });
  for (const entry of tree.entries()) encoded((to) => sender.write(to, entry));
  return sender;
}

test("the values that are asked for follow in their order", () => {
  const answer = encoded((to) => listed().answer(to, entryOf("f"), [2, 3]));
  expect(answer).toEqual(hex(`02 21 ${"62".repeat(33)} 01 22 ${"63".repeat(34)} 00`));
});

test.each([
  ["a number that is not there", "f", [4]],
  ["number 0", "f", [0]],
  ["an object whose values are all in the list", "g", [1]],
])("%s ends the session", (_what, name, numbers) => {
  const answer = () => encoded((to) => listed().answer(to, entryOf(name), numbers));
  expect(answer).toThrow(expect.objectContaining({ code: "BAD_STREAM" }));
});

test("an object that is gone has empty values, and the session goes on", () => {
  const sender = new AttributeSender({
    source: {
      open: () => undefined,
      attributes: (entry) => (gone ? undefined : tree.attributes(entry)),
    },
    transfer: { xattrs: true },
    protocol: 31,
    compat,
  });
  let gone = false;
  encoded((to) => sender.write(to, entryOf("f")));
  gone = true;
  expect(encoded((to) => sender.answer(to, entryOf("f"), [2]))).toEqual(hex("02 00 00"));
});

test("nothing follows an item of a dry run, or without the flag, or of a link that is spared", () => {
  const item = { kind: "item", index: 0, basisType: undefined, name: "x" } as const;
  const asked = (flags: number, sender = listed()) => sender.isAsked({ ...item, flags });
  expect(asked(0xa100)).toBe(true);
  expect(asked(0xa000)).toBe(false);
  expect(asked(0xa100, listed({ xattrs: true, dryRun: true }))).toBe(false);
  expect(asked(0x5100)).toBe(true);
  const old = new AttributeSender({
    source: tree,
    transfer: { xattrs: true },
    protocol: 31,
    compat: 0x2e,
  });
  expect(asked(0x5100, old)).toBe(false);
  expect(asked(0xa100, old)).toBe(true);
});

function outcome(bytes: Uint8Array): unknown {
  try {
    const numbers = readWantedNumbers(new Cursor(bytes));
    return numbers.every((number, at) => number > (numbers[at - 1] ?? 0)) ? "fine" : numbers;
  } catch (error) {
    return error instanceof RsyncError || error instanceof NeedMoreBytes ? "fine" : error;
  }
}

test("whatever is sent as wanted numbers is read, waited for, or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(outcome(bytes)).toBe("fine");
    }),
  );
  const endless = new Writer();
  for (let i = 0; i < 70_000; i += 1) endless.uint8(1);
  expect(() => readWantedNumbers(new Cursor(endless.take()))).toThrow(/65536 attributes/);
});
