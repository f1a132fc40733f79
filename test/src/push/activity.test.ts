import { expect, test } from "vitest";
import { asBytePath, type FileEntry } from "../../../protocol/index.ts";
import { Sendings } from "../../../src/push/activity.ts";

function file(name: string, size = 1_000): FileEntry {
  const times = { mtimeSeconds: 0, mtimeNanoseconds: 0 };
  return { path: asBytePath(name), mode: 0o100644, size, uid: 0, gid: 0, ...times };
}

const item = {
  kind: "item",
  index: 0,
  flags: 0,
  basisType: undefined,
  name: undefined,
} as const;
const outcome = { kind: "sent", bytes: 1_000 } as const;

test("a file is told from its first byte to its last, with how much is through", () => {
  const sendings = new Sendings();
  const session = sendings.begin();
  expect(sendings.files).toEqual([]);
  session.sending(file("a"), item, 0);
  expect(sendings.files).toEqual([{ path: "a", bytes: 0, size: 1_000 }]);
  session.step(600);
  expect(sendings.files).toEqual([{ path: "a", bytes: 600, size: 1_000 }]);
  session.step(1_200); // it grew while it was read
  expect(sendings.files).toEqual([{ path: "a", bytes: 1_200, size: 1_200 }]);
  session.sent(file("a"), outcome, 0);
  expect(sendings.files).toEqual([]);
});

test("a session that broke off sends nothing any more", () => {
  const sendings = new Sendings();
  const session = sendings.begin();
  session.sending(file("a"), item, 0);
  session.end();
  expect(sendings.files).toEqual([]);
});

test("of many sessions ten are told", () => {
  const sendings = new Sendings();
  for (let i = 0; i < 25; i += 1) sendings.begin().sending(file(`f${i}`), item, i);
  expect(sendings.files).toHaveLength(10);
});
