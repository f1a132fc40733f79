import { expect, test } from "vitest";
import { chooseDigest, formatResponse } from "../../../protocol/handshake/auth.ts";

const alice = { user: "alice", password: "secret" };

// The first was accepted by a daemon of rsync 3.5.0 (spec 1 §1.5).
test.each([
  [
    "sha512",
    "oqJCnhV7KSh7hVdbyl7GAPSkWxRDoEl1fGK6/PuVOKzOnFKX+zUxNRbtb/dW+m2HMUE64BHGtuiIlWFhbYCWJA",
    "FtO4MapED8qi2sZStEQkZ97pGn0F9BqMXmyiQvdLT3pHsqGcSOc2qhyOnLXvWsu0T+TR57+aWCjlAh01i9Vihg",
  ],
  ["sha256", "ub+mBmAhqFihFASd/Dbxnw", "eCp/k+nb18cnDWrMCeyXX12iV68vaD1EKOP2kSI6DuA"],
  ["sha1", "ub+mBmAhqFihFASd/Dbxnw", "DLTZVBZmhjaGutFqv5GTmWEL2VY"],
  ["md5", "ub+mBmAhqFihFASd/Dbxnw", "m+qbulIxkJdhLM+13lRGNQ"],
  ["md4", "ub+mBmAhqFihFASd/Dbxnw", "tujUJiZ1ongxktEFD69JzQ"],
  ["old-md4", "ub+mBmAhqFihFASd/Dbxnw", "nNVG2/1THp1K7Eo5dNri4w"],
] as const)("the response with %s is a daemon's own", (digest, challenge, response) => {
  expect(formatResponse(alice, challenge, digest).toString()).toBe(`alice ${response}\n`);
});

test("the strongest digest of the daemon is taken, however it is spelt", () => {
  expect(chooseDigest(["md4", "MD5", "SHA256"], 32)).toMatchObject({ offer: "sha256" });
  expect(chooseDigest(["md4", "sha512"], 32).digest()).toBe("sha512");
  expect(chooseDigest(["md4", "sha512"], 27).digest()).toBe("sha512");
});

test("a daemon without a list uses md5, before protocol 30 the old md4", () => {
  expect(chooseDigest(undefined, 30)).toMatchObject({ offer: "md5" });
  expect(chooseDigest(undefined, 30).digest()).toBe("md5");
  expect(chooseDigest(undefined, 29)).toMatchObject({ offer: undefined });
  expect(chooseDigest(undefined, 29).digest()).toBe("old-md4");
});

test("a daemon with no digest of ours is refused when it asks for one, with both lists", () => {
  const choice = chooseDigest(["blake3"], 32);
  expect(choice.offer).toBe("sha512 sha256 sha1 md5 md4");
  expect(() => choice.digest()).toThrowError(
    expect.objectContaining({
      code: "PROTOCOL_MISMATCH",
      message: expect.stringMatching(/blake3.*sha512/),
    }),
  );
});
