import fc from "fast-check";
import { expect, test } from "vitest";
import { RsyncError } from "../../../protocol/errors.ts";
import { deletion, type FileEntry, fileTypes } from "../../../protocol/flist/entry.ts";
import { EntryReader } from "../../../protocol/flist/entry-reader.ts";
import { listFormat } from "../../../protocol/flist/format.ts";
import { writeFileList } from "../../../protocol/flist/list.ts";
import { readFileList } from "../../../protocol/flist/list-reader.ts";
import { inWireOrder } from "../../../protocol/flist/order.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { Cursor, NeedMoreBytes } from "../../../protocol/wire/cursor.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";

const everything = { links: true, owner: true, group: true, devices: true, specials: true };
const names = { user: (id: number) => `u${id}`, group: () => undefined };

const formatOf = (protocol: number, compat: number) =>
  listFormat({ protocol, compat }, everything, { idNames: names });

async function written(
  entries: readonly FileEntry[],
  [protocol, compat]: readonly [number, number],
  incomplete = false,
): Promise<Uint8Array> {
  const to = new Writer();
  await writeFileList(to, entries, formatOf(protocol, compat), incomplete, async () => {});
  return to.take();
}

function readWhole(bytes: Uint8Array, [protocol, compat]: readonly [number, number]) {
  const from = new Cursor(bytes);
  return readFileList((decode) => decode(from), formatOf(protocol, compat), { mostEntries: 1_000 });
}

const nameArbitrary = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 300 })
  .map((bytes) => String.fromCharCode(...bytes).replaceAll("/", "_"))
  .filter((name) => name !== "." && name !== "..");

const typeArbitrary = fc.constantFrom(
  fileTypes.regular,
  fileTypes.directory,
  fileTypes.symlink,
  fileTypes.fifo,
  fileTypes.blockDevice,
);

const entryArbitrary: fc.Arbitrary<FileEntry> = fc
  .record({
    path: fc.array(nameArbitrary, { minLength: 1, maxLength: 4 }).map((p) => p.join("/")),
    type: typeArbitrary,
    permissions: fc.integer({ min: 0, max: 0o7777 }),
    size: fc.integer({ min: 0, max: 2 ** 45 }),
    mtimeSeconds: fc.integer({ min: -1_000, max: 2 ** 33 }),
    mtimeNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    uid: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    gid: fc.integer({ min: 0, max: 70_000 }),
    linkTarget: nameArbitrary,
    major: fc.integer({ min: 0, max: 4_095 }),
  })
  .map(({ path, type, permissions, linkTarget, major, ...rest }) => ({
    ...rest,
    path: asBytePath(path),
    mode: type | permissions,
    ...(type === fileTypes.symlink && { linkTarget }),
    ...(type === fileTypes.directory && { hasContent: true }),
    ...(type === fileTypes.blockDevice && { device: { major, minor: 70_000 } }),
  }));

const agreements = [
  [32, 0x1fe],
  [31, 0x03e],
  [30, 0x00e],
  [29, 0],
  [28, 0],
  [27, 0],
] as const;

test.each(agreements)("what is written at %i is read back", async (...agreement) => {
  await fc.assert(
    fc.asyncProperty(fc.array(entryArbitrary, { maxLength: 20 }), async (some) => {
      const entries = inWireOrder(agreement[0] < 30 ? someOld(some) : some, agreement[0]);
      const { entries: found, ioError } = await readWhole(
        await written(entries, agreement, true),
        agreement,
      );
      const wanted = agreement[0] > 30 ? entries : withoutWhatIsNew(entries);
      expect(withoutSpecialDevices(found)).toEqual(wanted);
      expect(ioError).toBe(1);
    }),
    { seed: 7, numRuns: 60 },
  );
});

/** Times were without sign then, all directories below the root are listed with their content. */
const someOld = (entries: readonly FileEntry[]): FileEntry[] => [
  { ...deletion(asBytePath("")), mode: 0o40755, hasContent: true },
  ...entries.map((entry) => ({ ...entry, mtimeSeconds: entry.mtimeSeconds & 0x7fffffff })),
];

const withoutWhatIsNew = (entries: readonly FileEntry[]) =>
  entries.map((entry) => ({ ...entry, mtimeNanoseconds: 0 }));

/** Protocol 30 gives fifos a number, which means nothing. */
const withoutSpecialDevices = (entries: readonly FileEntry[]) =>
  entries.map((entry) => {
    const { device: _, ...rest } = entry;
    return (entry.mode & fileTypes.mask) === fileTypes.fifo ? rest : entry;
  });

test("a list that a real daemon sent is read (rsync 3.5.0, spec 1 §7.2)", async () => {
  const bytes = hex("19 012e 001000 65257d93 ed410000 8098 0161 000600 a4810000 00 00");
  const format = listFormat({ protocol: 32, compat: 0x1fe }, {});
  const from = new Cursor(bytes);
  const { entries } = await readFileList((decode) => decode(from), {
    ...format,
    idNames: undefined,
  });
  expect(entries).toMatchObject([
    { path: "", mode: 0o40755, size: 16, mtimeSeconds: 1_704_164_645 },
    { path: "a", mode: 0o100644, size: 6 },
  ]);
});

test("an entry that is cut anywhere is read whole when the rest has come", async () => {
  const entry = { ...deletion(asBytePath("dir/name")), mode: 0o100644, size: 70_000, uid: 5 };
  const bytes = await written([entry], [32, 0x1fe]);
  const reader = new EntryReader(formatOf(32, 0x1fe));
  for (let length = 0; length < 10; length += 1) {
    expect(() => reader.read(new Cursor(bytes.subarray(0, length)))).toThrow(NeedMoreBytes);
  }
  expect(reader.read(new Cursor(bytes))).toMatchObject({ path: "dir/name", size: 70_000 });
});

const attributes = "000600 65257d93 a4810000 00 00";

// flags 0x58 etc: what a peer that means harm writes
test.each([
  ["a name above the root", `18 02 2e2e ${attributes}`],
  ["a name through a directory above", `18 04 612f2e2e ${attributes}`],
  ["an absolute name", `18 02 2f61 ${attributes}`],
  ["an empty name", `18 00 ${attributes}`],
  ["a NUL in a name", `18 02 6100 ${attributes}`],
  ["a name of 2 GB", "58 f0ffffff7f"],
  ["a name that shares what is not there", `38 0a 01 61 ${attributes}`],
  ["a mode without a type", "18 01 61 000600 65257d93 a4010000"],
  ["a billion nanoseconds", "a018 01 61 000600 65257d93 f0ffffff7f"],
  ["a link target of 2 GB", "18 01 61 000600 65257d93 ffa10000 f0ffffff7f"],
])("%s ends the session", (_, bytes) => {
  const format = { ...formatOf(32, 0x1fe), owner: false, group: false };
  expect(() => new EntryReader(format).read(new Cursor(hex(bytes)))).toThrow(RsyncError);
});

test("a list without end ends at its limit", async () => {
  const entry = await written([{ ...deletion(asBytePath("a")), mode: 0o100644 }], [32, 0x1fe]);
  const end = await written([], [32, 0x1fe]);
  const one = entry.subarray(0, entry.length - end.length);
  const endless = new Cursor(Buffer.concat(Array.from({ length: 2_000 }, () => one)));
  await expect(
    readFileList((decode) => decode(endless), formatOf(32, 0x1fe), { mostEntries: 100 }),
  ).rejects.toThrow(RsyncError);
});

test("garbage is a list, short, or an RsyncError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const failure: unknown = await readWhole(bytes, [32, 0x1fe]).then(
        () => undefined,
        (error: unknown) => error,
      );
      const isExpected = failure instanceof NeedMoreBytes || failure instanceof RsyncError;
      expect(failure === undefined || isExpected).toBe(true);
    }),
    { seed: 11, numRuns: 500 },
  );
});
