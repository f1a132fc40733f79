import { expect, test } from "vitest";
import { parseRemoteShell } from "../../../../protocol/transport/ssh/options.ts";

test.each([
  ["ssh", { ssh: {} }],
  ["/usr/bin/ssh -p 2222", { ssh: {}, port: 2222 }],
  [
    "ssh -p2222 -l me -i key -i other",
    { port: 2222, ssh: { user: "me", identityFiles: ["key", "other"] } },
  ],
  ["ssh -4 -T -x -q", { ssh: {}, family: 4 }],
  [
    "ssh -o Port=22 -oUser=me -o StrictHostKeyChecking=no",
    { port: 22, ssh: { user: "me", strictHostKeyChecking: "no" } },
  ],
  [
    "ssh -o UserKnownHostsFile=/dev/null -o BatchMode=yes",
    { ssh: { knownHostsFiles: ["/dev/null"] } },
  ],
  ["ssh -o IdentityAgent=none -o AddressFamily=inet6", { ssh: { agent: "none" }, family: 6 }],
])("%s", (text, expected) => {
  expect(parseRemoteShell(text.split(" "))).toEqual(expected);
});

test.each([
  ["rsh", /the only remote shell is ssh/],
  ["", /the only remote shell is ssh/],
  ["ssh -p 0", /would not take this value/],
  ["ssh -p", /would not take this value/],
  ["ssh -o ProxyCommand=x", /has no such option/],
  ["ssh -o StrictHostKeyChecking=ask", /would not take this value/],
  ["ssh -J jump", /has no such option/],
  ["ssh host", /has no such option/],
])("%j is refused by name", (text, message) => {
  expect(() => parseRemoteShell(text.split(" "))).toThrowError(
    expect.objectContaining({ code: "BAD_OPTION", message: expect.stringMatching(message) }),
  );
});
