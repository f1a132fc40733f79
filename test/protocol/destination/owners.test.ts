import { expect, test } from "vitest";
import { OwnerMap } from "../../../protocol/destination/owners.ts";
import { RsyncError } from "../../../protocol/errors.ts";

function mapOf(userMap: string): OwnerMap {
  const map = new OwnerMap({ userMap });
  for (const [id, name] of [
    [1000, "alice"],
    [1001, "bob"],
    [70, "al[x]"],
  ] as const) {
    map.names.user(id, name);
  }
  return map;
}

test.each([
  ["0-99:5000,1000:7", 1000, 7],
  ["0-99:5000,1000:7", 70, 5000],
  ["0-99:5000,1000:7", 100, 100],
  ["alice:1,al*:2,*:3", 1000, 1],
  ["al*:2,*:3", 1000, 2],
  ["al*:2,*:3", 1001, 3],
  ["?ob:4", 1001, 4],
  ["[a-b]*:4", 1001, 4],
  ["[!a]ob:4", 1001, 4],
  ["[!b]ob:4", 1001, 1001],
  ["b.b:4", 1001, 1001],
  [":9", 4242, 9],
  [":9", 1001, 1001],
  ["*:9", 4242, 9],
  ["root:9", 0, 9],
  ["bob:root", 1001, 0],
])("--usermap=%s makes %i %i", (rules, id, mapped) => {
  expect(mapOf(rules).user(id)).toBe(mapped);
});

test.each(["bob", "bob:", ":", "bob:no-such-user-here", "1:99999999999", "", "a:1,,b:2"])(
  "--usermap=%s is refused",
  (rules) => {
    expect(() => mapOf(rules)).toThrow(RsyncError);
  },
);

test("names that are learnt later count, groups have rules of their own", () => {
  const map = new OwnerMap({ userMap: "carol:5", groupMap: "*:6" });
  expect(map.user(3000)).toBe(3000);
  map.names.user(3000, "carol");
  expect(map.user(3000)).toBe(5);
  expect(map.group(3000)).toBe(6);
});
