import { expect, test } from "vitest";
import { type NameRequest, wantedNames } from "../../../protocol/flist/wanted-names.ts";
import { asBytePath } from "../../../protocol/path.ts";

type Asked = Omit<NameRequest, "places" | "depth"> & { readonly depth?: NameRequest["depth"] };

/** Of these names, those that may be listed; what ends in `/` is a directory. */
function listable(places: readonly string[], names: readonly string[], asked: Asked = {}): string {
  const isWanted = wantedNames({ places, depth: "tree", ...asked });
  const may = (name: string): boolean =>
    isWanted?.(asBytePath(name.replace(/\/$/, "")), name.endsWith("/")) ?? true;
  return names.filter(may).join(" ");
}

const names = ["d/", "d/f", "d/e/", "d/e/g", "f", "e/", "e/g", "dd/", "dd/f"];
const all = names.join(" ");

test.each<[readonly string[], Asked, string]>([
  [["d"], {}, "d/ d/f d/e/ d/e/g"],
  [["x/d"], {}, "d/ d/f d/e/ d/e/g"],
  [["x//d"], {}, "d/ d/f d/e/ d/e/g"],
  [["d/e"], {}, "e/ e/g"],
  [["d/"], {}, all],
  [["d/."], {}, all],
  [["d/.."], {}, all],
  [[""], {}, all],
  [["d/"], { depth: "content" }, "d/ f e/ dd/"],
  [["d"], { depth: "content" }, "d/ d/f d/e/"],
  [["d"], { depth: "name" }, "d/"],
  [["d/"], { depth: "name" }, ""],
  [["f", "x/e"], {}, "f e/ e/g"],
  [["d*"], {}, ""],
  [["d*"], { wildcards: true }, "d/ d/f d/e/ d/e/g dd/ dd/f"],
  [["d?"], { wildcards: true }, "dd/ dd/f"],
  [["[!de]"], { wildcards: true }, "f"],
  [["*/f"], { wildcards: true }, "f"],
  [["*/"], { wildcards: true }, all],
  [["d*"], { wildcards: true, depth: "content" }, "d/ d/f d/e/ dd/ dd/f"],
  [["d*"], { wildcards: true, depth: "name" }, "d/ dd/"],
  [["d/e"], { relative: true }, "d/ d/e/ d/e/g"],
  [["/d//./e/"], { relative: true }, "e/ e/g"],
  [["./d/./e/./g"], { relative: true }, "e/ e/g"],
  [["d/../e"], { relative: true }, "e/ e/g"],
  [["d/./"], { relative: true }, all],
  [["d/e", "f"], { relative: true, depth: "name" }, "d/ d/e/ f"],
  [["d/*"], { relative: true, wildcards: true }, "d/ d/f d/e/ d/e/g"],
  [["d/*"], { relative: true, wildcards: true, depth: "name" }, "d/ d/f d/e/"],
  [["?/./f"], { relative: true, wildcards: true }, "f"],
])("asked for %j with %j, of these names there may be %s", (places, asked, wanted) => {
  expect(listable(places, names, asked)).toBe(wanted);
});

test.each<[string, Asked, string]>([
  ["a[b]*", {}, "a[b]*"],
  ["a\\[b]\\*", { wildcards: true }, "a[b]* a\\[b]\\*"],
  ["a**c", { wildcards: true }, "abc ac"],
  ["a[b", { wildcards: true }, "a[b"],
  ["back\\slash", {}, "back\\slash"],
  ["back\\slash", { wildcards: true }, "back\\slash backslash"],
])("a name like %s, asked for with %j, is %s", (place, asked, wanted) => {
  const odd = ["a[b]*", "a\\[b]\\*", "abc", "ac", "a[b", "back\\slash", "backslash", "ab/c"];
  expect(listable([place], odd, asked)).toBe(wanted);
});
