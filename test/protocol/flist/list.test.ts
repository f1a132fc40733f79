import { expect, test } from "vitest";
import { compatFlags } from "../../../protocol/agreement.ts";
import { deletion } from "../../../protocol/flist/entry.ts";
import { listFormat } from "../../../protocol/flist/format.ts";
import { type IdNames, type ListFormat, writeFileList } from "../../../protocol/flist/list.ts";
import type { TransferOptions } from "../../../protocol/options.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";

const owners: TransferOptions = { owner: true, group: true };
const newest = { protocol: 32, compat: 0x1fe };
const noWait = async (): Promise<void> => {};

/** The bytes behind the entries: end marker, names. */
async function endOf(format: ListFormat, incomplete = false): Promise<Uint8Array> {
  const writer = new Writer();
  await writeFileList(writer, [], format, incomplete, noWait);
  return Uint8Array.from(writer.take());
}

const entryOf = (uid: number, gid: number) => ({ ...deletion(asBytePath(`${uid}`)), uid, gid });

test("the end of a list carries our errors wherever there is room for them", async () => {
  const varints = listFormat(newest, {});
  expect(await endOf({ ...varints, idNames: undefined })).toEqual(hex("00 00"));
  expect(await endOf({ ...varints, idNames: undefined }, true)).toEqual(hex("00 01"));
  const bytes = listFormat({ protocol: 31, compat: 0x3e }, {});
  expect(await endOf(bytes)).toEqual(hex("00"));
  expect(await endOf(bytes, true)).toEqual(hex("0410 01")); // as 3.0.9 to 3.5.0 take it
});

test("lists of names follow where owners or groups do, even when there is nothing to name", async () => {
  expect(await endOf(listFormat(newest, owners))).toEqual(hex("0000 0000 0000"));
  expect(await endOf(listFormat({ protocol: 30, compat: 0x0e }, owners))).toEqual(hex("00 00 00"));
  expect(await endOf(listFormat(newest, { owner: true }))).toEqual(hex("0000 0000"));
  expect(await endOf(listFormat(newest, { ...owners, numericIds: true }))).toEqual(hex("0000"));
});

test("each id that has a name is named once, 0 last", async () => {
  const names: IdNames = {
    user: (uid) => ({ 0: "root", 1000: "cloudsdk" })[uid],
    group: (gid) => ({ 0: "root" })[gid],
  };
  const entries = [entryOf(1000, 0), entryOf(0, 70_000), entryOf(1000, 70_000)];
  const writer = new Writer();
  await writeFileList(
    writer,
    entries,
    listFormat(newest, owners, { idNames: names }),
    false,
    noWait,
  );
  const bytes = Buffer.from(writer.take());
  // The same lists as a 3.5.0 client sends (spec 1 §7.3).
  const lists = Buffer.from(hex("0000 83e8 08 636c6f756473646b 00 04 726f6f74 00 04 726f6f74"));
  expect(bytes.subarray(-lists.length)).toEqual(lists);
});

test("deletions are sent first, where their mode is that of the entry before", async () => {
  const format = { ...listFormat(newest, {}), idNames: undefined };
  const kept = { ...deletion(asBytePath("a")), mode: 0o100644 };
  const gone = ["b", "c"].map((path) => deletion(asBytePath(path)));
  const writer = new Writer();
  await writeFileList(writer, [kept, ...gone], format, false, noWait);
  const bytes = Uint8Array.from(writer.take());
  expect(bytes).toEqual(hex("809a 0162 000000 809a 0163 000000 8098 0161 000000 a4810000 0000"));
});

test("the agreement decides what entries look like", () => {
  const options = { ...owners, links: true, devices: true, specials: true };
  expect(listFormat(newest, options)).toMatchObject({
    varintFlags: true,
    nanoseconds: true,
    deviceOfSpecials: false,
    hardLinks: false,
    namesId0: true,
  });
  expect(listFormat({ protocol: 30, compat: compatFlags.symlinkTimes }, options)).toMatchObject({
    varintFlags: false,
    nanoseconds: false,
    deviceOfSpecials: true,
    hardLinks: false,
    namesId0: false,
  });
});

test("a long list lets others work while it is written", async () => {
  let pauses = 0;
  const entries = Array.from({ length: 10_000 }, (_, i) => deletion(asBytePath(`${i}`)));
  await writeFileList(new Writer(), entries, listFormat(newest, {}), false, async () => {
    pauses += 1;
  });
  expect(pauses).toBe(5);
});
