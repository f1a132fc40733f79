import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAuthUsers } from "../../../../protocol/daemon/access/users.ts";
import type { UserRule } from "../../../../protocol/daemon/module.ts";
import { RsyncError } from "../../../../protocol/errors.ts";
import { thrownBy } from "../../../support/thrown.ts";

const members: Readonly<Record<string, readonly string[]>> = {
  guest: ["ann", "eve"],
  rsync: ["bob"],
  "Some Group": ["kim"],
};

function ruleFor(text: string, user: string): UserRule | undefined {
  const rules = parseAuthUsers(text, (name, group) => members[group]?.includes(name) ?? false);
  return rules.find(({ user: each }) => (typeof each === "string" ? each === user : each(user)));
}

const example = "joe:deny @guest:deny admin:rw @rsync:ro susan joe sam";

test.each([
  [example, "joe", "deny"],
  [example, "ann", "deny"],
  [example, "admin", "write"],
  [example, "bob", "read"],
  [example, "susan", undefined],
  [", joe:deny, @Some Group:deny, admin:rw", "kim", "deny"],
  [",joe: rw", "joe", "write"],
  ["joe,sam:RO", "sam", "read"],
  ["back*:rw", "backup", "write"],
] as const)("of %j the rule for %s says %j", (text, user, access) => {
  const rule = ruleFor(text, user);
  expect(rule).toBeDefined();
  expect(rule?.access).toBe(access);
});

test.each([
  [example, "eva"],
  ["J*", "joe"],
  ["", "joe"],
  ["*", "a/b"],
])("%j has no rule for %s", (text, user) => {
  expect(ruleFor(text, user)).toBeUndefined();
});

test("a rule for a group names it, for its password", () => {
  expect(ruleFor("@rsync", "bob")?.group).toBe("rsync");
  expect(ruleFor("bob", "bob")?.group).toBeUndefined();
});

test.each(["joe:dney", "joe:", ":rw", "@", "joe:toString"])("%j is refused", (text) => {
  expect(() => parseAuthUsers(text, () => false)).toThrow(RsyncError);
});

test("any text gives rules, or the one error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), fc.string(), (text, user) => {
      const error = thrownBy(() => ruleFor(text, user));
      expect(error === undefined || error instanceof RsyncError).toBe(true);
    }),
    { seed: 9 },
  );
});
