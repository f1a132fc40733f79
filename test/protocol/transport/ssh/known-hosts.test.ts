import { expect, test } from "vitest";
import {
  fingerprint,
  KnownHosts,
  keyType,
  knownHostLine,
  knownHostName,
} from "../../../../protocol/transport/ssh/known-hosts.ts";

const key = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 1),
]);
const text = `ssh-ed25519 ${key.toString("base64")}`;

test("a host is named with its port where that is not 22", () => {
  expect(knownHostName("Host.Example", 22)).toBe("host.example");
  expect(knownHostName("::1", 2222)).toBe("[::1]:2222");
  expect(knownHostLine("h", key)).toBe(`h ${text}\n`);
  expect(keyType(key)).toBe("ssh-ed25519");
  expect(fingerprint(Buffer.from("x"))).toBe("SHA256:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE");
});

test.each([
  ["h.example,10.0.0.1", "10.0.0.1", "known"],
  ["H.example", "h.example", "known"],
  ["*.example", "h.example", "known"],
  ["h?.example", "h1.example", "known"],
  ["*.example,!h.example", "h.example", "unknown"],
  ["hxexample", "h.example", "unknown"],
  ["[h]:2222", "[h]:2222", "known"],
  ["h", "[h]:2222", "unknown"],
])("%s speaks of %s: %s", (hosts, name, expected) => {
  expect(new KnownHosts(`# other\n\n${hosts} ${text}\n`).check(name, key)).toBe(expected);
});

// Made by ssh-keygen -H from a line for "[127.0.0.1]:2222".
test("a hashed name is found", () => {
  const line = `|1|bvSp3d+V04lwHdGMgkyXmvA5xbM=|H+ukCSNF2tT5A5gQ8wz9wRCIWYs= ${text}`;
  expect(new KnownHosts(line).check("[127.0.0.1]:2222", key)).toBe("known");
  expect(new KnownHosts(line).check("127.0.0.1", key)).toBe("unknown");
});

test("a host that is known by another key, of whatever type, has changed", () => {
  const other = Buffer.from(key);
  other[30] = 9;
  expect(new KnownHosts(`h ${text}`).check("h", other)).toBe("changed");
  expect(new KnownHosts(`h ssh-rsa AAAA`).check("h", key)).toBe("changed");
  expect(new KnownHosts(`h ssh-rsa AAAA\nh ${text}`).check("h", key)).toBe("known");
  expect(new KnownHosts(`h ssh-rsa AAAA`).typesOf("h")).toEqual(["ssh-rsa"]);
});

test("a revoked key is refused wherever it is known, an authority is no key", () => {
  expect(new KnownHosts(`h ${text}\n@revoked * ${text}`).check("h", key)).toBe("revoked");
  expect(new KnownHosts(`@cert-authority * ${text}`).check("h", key)).toBe("unknown");
});

test("what is no line is passed over", () => {
  const garbage = ["", " ", "#", "h", "h ssh-rsa", "@revoked", "\0\xff", `h ${text}`].join("\n");
  expect(new KnownHosts(garbage).check("h", key)).toBe("known");
});
