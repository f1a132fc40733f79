import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admitsHost,
  type HostNames,
  parseHostPatterns,
} from "../../../../protocol/daemon/access/hosts.ts";
import { RsyncError } from "../../../../protocol/errors.ts";
import { thrownBy } from "../../../support/thrown.ts";

function rules(allow: string | undefined, deny: string | undefined) {
  return {
    allow: allow === undefined ? undefined : parseHostPatterns(allow),
    deny: deny === undefined ? undefined : parseHostPatterns(deny),
  };
}

const names: HostNames = {
  reverse: async (address) => ({ "192.0.2.7": "www.example.org" })[address],
  forward: async (name) => (name === "backup.example.org" ? ["192.0.2.9", "2001:db8::9"] : []),
};

// Checked with rsync 3.5.0, but for the address in IPv6's clothes, which it does not find.
test.each([
  [undefined, undefined, "192.0.2.7", true],
  ["192.0.2.7", undefined, "192.0.2.7", true],
  ["192.0.2.7", undefined, "192.0.2.8", false],
  [undefined, "192.0.2.7", "192.0.2.7", false],
  [undefined, "192.0.2.7", "192.0.2.8", true],
  ["10.0.0.0/8", "192.168.0.0/16", "127.0.0.1", true],
  ["10.0.0.0/8", "*", "127.0.0.1", false],
  [undefined, "*", "192.0.2.7", false],
  [undefined, "UNKN*", "192.0.2.8", false],
  ["10.0.0.0/8, 127.0.0.1", "0.0.0.0/0", "127.0.0.1", true],
  ["10.0.0.0/8", "0.0.0.0/0", "127.0.0.1", false],
  ["10.1.0.0/255.255.0.0", undefined, "10.1.200.3", true],
  ["10.1.0.0/255.255.0.0", undefined, "10.2.0.3", false],
  ["127.0.0.1/255.0.255.0", undefined, "127.9.0.4", true],
  ["::1", undefined, "127.0.0.1", false],
  ["::ffff:127.0.0.1", undefined, "127.0.0.1", true],
  ["2001:db8::/32", undefined, "2001:db8:ffff::1", true],
  ["2001:db8::/32", undefined, "2001:db9::1", false],
  ["2001:db8::/ffff:ffff::", undefined, "2001:db8:1::1", true],
  ["fe80::%eth0/64", undefined, "fe80::1%eth0", true],
  ["fe80::%eth0/64", undefined, "fe80::1%eth1", false],
  ["fe80::/64", undefined, "fe80::1%eth1", true],
  ["0.0.0.0/0", undefined, "::1", false],
  ["", undefined, "192.0.2.7", false],
  ["www.example.org", undefined, "192.0.2.7", true],
  ["WWW.*", undefined, "192.0.2.7", true],
  ["*.example.net", undefined, "192.0.2.7", false],
  ["backup.example.org", undefined, "192.0.2.9", true],
  ["backup.example.org", undefined, "2001:DB8::9", true],
  ["backup.*", undefined, "192.0.2.9", false],
  [undefined, "*.example.org", "192.0.2.7", false],
] as const)(
  "with allow %j and deny %j, %s is admitted: %j",
  async (allow, deny, address, wanted) => {
    expect(await admitsHost(rules(allow, deny), address, names)).toBe(wanted);
  },
);

test("* means everybody, also where no names are looked up", async () => {
  expect(await admitsHost(rules(undefined, "*"), "127.0.0.1")).toBe(false);
  expect(await admitsHost(rules("*", undefined), "127.0.0.1")).toBe(true);
});

test("a name is asked for only when no address decides, and once", async () => {
  let asked = 0;
  const counting: HostNames = {
    reverse: async () => {
      asked += 1;
      return "a.example.org";
    },
  };
  await admitsHost(rules("b.example.org 127.0.0.1", undefined), "127.0.0.1", counting);
  expect(asked).toBe(0);
  await admitsHost(rules("b.example.org c.*", "*.net d.*"), "127.0.0.1", counting);
  expect(asked).toBe(1);
});

describe("what is no pattern is refused, where rsync would let everybody pass a deny", () => {
  test.each([
    "127.0.0.1/33",
    "127.0.0.1/foo",
    "127.0.0",
    "10/8",
    "::1/129",
    "x/8",
    "@group",
    "1.2.3.4/::",
  ])("%s", (pattern) => {
    expect(() => parseHostPatterns(pattern)).toThrow(RsyncError);
  });
});

test("an address is within each network of its own first bits, and no other", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const address = fc.tuple(octet, octet, octet, octet);
  return fc.assert(
    fc.asyncProperty(address, address, fc.integer({ min: 0, max: 32 }), async (a, b, bits) => {
      const binary = (each: readonly number[]): string =>
        each.map((byte) => byte.toString(2).padStart(8, "0")).join("");
      const wanted = binary(a).slice(0, bits) === binary(b).slice(0, bits);
      const allow = parseHostPatterns(`${a.join(".")}/${bits}`);
      expect(await admitsHost({ allow }, b.join("."))).toBe(wanted);
    }),
    { seed: 7 },
  );
});

test("any text gives patterns, or the one error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      const error = thrownBy(() => parseHostPatterns(text));
      expect(error === undefined || error instanceof RsyncError).toBe(true);
    }),
    { seed: 8 },
  );
});
