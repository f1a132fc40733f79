import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkLogin, isTooWeak } from "../../../protocol/daemon/login.ts";
import type { DaemonModule } from "../../../protocol/daemon/module.ts";
import { responseTo } from "../../../protocol/handshake/auth.ts";

test.each([
  ["sha512", "sha256", false],
  ["sha256", "sha256", false],
  ["sha1", "sha256", true],
  ["md5", "sha512", true],
  ["md4", "md4", false],
  ["old-md4", "md4", true],
  ["old-md4", undefined, false],
] as const)("%s where %s is demanded is too weak: %j", (digest, weakest, wanted) => {
  expect(isTooWeak(digest, weakest)).toBe(wanted);
});

const secrets: Readonly<Record<string, string>> = {
  alice: "alice's",
  carol: "her",
  "@staff": "all",
};
const module: DaemonModule = {
  name: "m",
  path: "/nowhere",
  users: [
    { user: "alice", access: "write" },
    { user: "carol", group: "staff", access: "read" },
    { user: "nobody", access: "read" },
    { user: "eve", access: "deny" },
  ],
  secret: async (name) => secrets[name],
};
const challenge = "a challenge";
const right = responseTo("alice's", challenge, "sha512");

function changed(at: number): string {
  const bytes = Array.from(right);
  bytes[at] = bytes[at] === "A" ? "B" : "A";
  return bytes.join("");
}

const login = (line: string): ReturnType<typeof checkLogin> =>
  checkLogin(module, line, challenge, "sha512");

// Others have imported it already: what they have is exchanged, and put back.
beforeEach(() => {
  vi.spyOn(crypto, "timingSafeEqual");
  syncBuiltinESMExports();
});

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test.each([
  ["is wrong at its beginning", "alice", changed(0)],
  ["is wrong at its end", "alice", changed(right.length - 1)],
  ["is too short", "alice", right.slice(0, -1)],
  ["is too long", "alice", `${right}A`],
  ["is empty", "alice", ""],
  ["is of a user without a password", "nobody", right],
  ["is of a user that there is not", "mallory", right],
  ["is of one who is denied", "eve", right],
])("an answer that %s takes as long to refuse as any other", async (_, user, response) => {
  await expect(login(`${user} ${response}`)).rejects.toThrow(/password|no rule|denies/);
  const compared = vi.mocked(crypto.timingSafeEqual).mock.calls;
  expect(compared.map(([a, b]) => [a.byteLength, b.byteLength])).toEqual([[32, 32]]);
});

test("what is compared in constant time is what decides", async () => {
  await expect(login(`alice ${right}`)).resolves.toEqual({ user: "alice", access: "write" });
  vi.mocked(crypto.timingSafeEqual).mockReturnValueOnce(false);
  await expect(login(`alice ${right}`)).rejects.toThrow("the password is wrong");
});

test.each(["her", "all"])(
  "both passwords of a member are compared, also if %j is right",
  async (password) => {
    const response = responseTo(password, challenge, "sha512");
    await expect(login(`carol ${response}`)).resolves.toEqual({ user: "carol", access: "read" });
    expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(2);
  },
);
