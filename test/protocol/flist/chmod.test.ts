import { expect, test } from "vitest";
import { parseChmod } from "../../../protocol/flist/chmod.ts";
import { deletion } from "../../../protocol/flist/entry.ts";
import { asBytePath } from "../../../protocol/path.ts";

const changed = (text: string, mode: number) =>
  parseChmod(text, 0o022)({ ...deletion(asBytePath("f")), mode }).mode.toString(8);

// Each is what rsync 3.5.0 made of such an object.
test.each([
  ["D755,F644", 0o42750, "40755"],
  ["D755,F644", 0o104755, "100644"],
  ["u+rwX,go=rX", 0o100600, "100644"],
  ["u+rwX,go=rX", 0o100711, "100755"],
  ["u+rwX,go=rX", 0o40700, "40755"],
  ["+w", 0o100400, "100600"],
  ["a+s", 0o100755, "106755"],
  ["g-s", 0o106755, "104755"],
  ["u=g", 0o104755, "100555"],
  ["g=u", 0o102755, "100775"],
  ["o+u", 0o100640, "100646"],
  ["g-o,u=g", 0o100644, "100004"],
  ["037", 0o100644, "100037"],
])("%s makes %o %s", (text, mode, expected) => {
  expect(changed(text, mode)).toBe(expected);
});

test("links and deletions have no mode to change", () => {
  expect(changed("777", 0o120777)).toBe("120777");
  expect(changed("777", 0)).toBe("0");
});

test.each(["", "u+q", "u=rg", "99", "+rw,,", "D", "x+r", "u+r-w"])("%j is no --chmod", (text) => {
  expect(() => parseChmod(text, 0)).toThrowError(
    expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("D755") }),
  );
});
