import fc from "fast-check";
import { expect, test } from "vitest";
import { Md4, md4 } from "../../../protocol/delta/md4.ts";
import { hex } from "../../support/bytes.ts";

// The test suite of RFC 1320, appendix A.5.
test.each([
  ["", "31d6cfe0d16ae931b73c59d7e0c089c0"],
  ["a", "bde52cb31de33e46245e05fbdbd6fb24"],
  ["abc", "a448017aaf21d8525fc10ae87aa6729d"],
  ["message digest", "d9130a8164549fe818874806e1c7014b"],
  ["abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"],
  [
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "043f8582f241db351ce627e153e7f0e4",
  ],
  ["1234567890".repeat(8), "e33b4ddc9c38f2199c3e7b164fcc0536"],
])("MD4 of %j", (text, digest) => {
  expect(Uint8Array.from(md4(Buffer.from(text)))).toEqual(hex(digest));
});

test("chunks of any length give the digest of the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (chunks) => {
      const digest = new Md4();
      for (const chunk of chunks) digest.update(chunk);
      expect(digest.digest()).toEqual(md4(Buffer.concat(chunks)));
    }),
    { seed: 1320 },
  );
});
