import { expect, test } from "vitest";
import { isTooWeak } from "../../../protocol/daemon/login.ts";

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
