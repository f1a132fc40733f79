import { expect, test } from "vitest";
import { asBytePath, deletion, fileTypes, type TransferOptions } from "../../../protocol/index.ts";
import {
  carries,
  kindArguments,
  mayKeep,
  type SessionKind,
  sparingArguments,
} from "../../../src/push/kinds.ts";

const given: TransferOptions = {
  links: true,
  times: true,
  compress: true,
  delete: "after",
  dryRun: true,
};
const writing = ["small", "large", "scan"] as const;

test.each(writing)("a %s session deletes only what it names, and really writes", (kind) => {
  const { transfer, features } = kindArguments(kind, given);
  expect(transfer).not.toHaveProperty("delete");
  expect(transfer).not.toHaveProperty("dryRun");
  expect(features).toEqual({ acknowledge: true, deleteMissing: true });
});

test.each(writing)("a %s session clears what is in the way", (kind) => {
  expect(kindArguments(kind, given).transfer).toMatchObject({ recursive: true, force: true });
});

test("where anything is excluded, only a removal clears what is in the way", () => {
  for (const kind of writing) {
    expect(sparingArguments(kind, kindArguments(kind, given)).transfer.force).toBe(false);
  }
  const removal = kindArguments("removal", given);
  expect(sparingArguments("removal", removal).transfer.force).toBe(true);
});

test("changed files are sent even when size and time are equal, small ones whole", () => {
  expect(kindArguments("small", given).transfer).toMatchObject({
    ignoreTimes: true,
    wholeFile: true,
  });
  expect(kindArguments("large", given).transfer).toMatchObject({ ignoreTimes: true });
  expect(kindArguments("large", given).transfer.wholeFile).toBeUndefined();
});

test("a scan sends only what differs by size or time, to the nanosecond unless said otherwise", () => {
  const { ignoreTimes, modifyWindowSeconds } = kindArguments("scan", given).transfer;
  expect({ ignoreTimes, modifyWindowSeconds }).toEqual({ modifyWindowSeconds: -1 });
  const coarse = kindArguments("scan", { ...given, modifyWindowSeconds: 2 }).transfer;
  expect(coarse.modifyWindowSeconds).toBe(2);
  expect(kindArguments("scan", given, "seconds").transfer).not.toHaveProperty(
    "modifyWindowSeconds",
  );
});

test("a survey writes nothing at all", () => {
  expect(kindArguments("survey", given).transfer).toMatchObject({
    delete: true,
    dryRun: true,
    existing: true,
    ignoreExisting: true,
  });
});

test.each(["small", "large", "scan", "survey"] as SessionKind[])(
  "a %s session keeps what the operator asked for",
  (kind) => {
    const { transfer } = kindArguments(kind, given);
    expect(transfer).toMatchObject({ links: true, times: true, compress: true });
  },
);

function ofType(type: number) {
  return { ...deletion(asBytePath("x")), mode: type | 0o644 };
}

test.each([
  ["symlink", {}, false],
  ["symlink", { links: true }, true],
  ["characterDevice", { specials: true }, false],
  ["characterDevice", { devices: true }, true],
  ["blockDevice", { devices: true }, true],
  ["fifo", { devices: true }, false],
  ["fifo", { specials: true }, true],
  ["socket", { specials: true }, true],
  ["regular", {}, true],
  ["directory", {}, true],
] as const)("a %s with the options %j is carried: %s", (type, options, carried) => {
  expect(carries(ofType(fileTypes[type]), options)).toBe(carried);
});

test.each([
  [{}, false],
  [{ times: true, links: true }, false],
  [{ update: true }, true],
  [{ existing: true }, true],
  [{ ignoreExisting: true }, true],
])("with %j a daemon may keep what it has: %s", (options, may) => {
  expect(mayKeep(options)).toBe(may);
});
