import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { ArgumentSource } from "../../protocol/index.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { daemonVersions, rsyncProgram } from "../support/daemon.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const names = [
  "x zz pp keep.o a.o qq abs nn cv1 q.cv onlyd y.dd y.bak core aa bb cc homepat !keep envpat".split(
    " ",
  ),
  ["n1\nn2", "*"],
].flat();

const rules: Readonly<Record<string, string>> = {
  ".r": "- zz\n- /d/e/abs\n",
  ".rsync-filter": "- pp\n+ keep.o\n",
  "d/.r": "- x\n: .nested\n",
  "d/.rsync-filter": "- /e/qq\n",
  "d/.cvsignore": "onlyd\n! *.dd\n",
  "d/e/.nested": "- nn\n",
  "d/e/.cvsignore": "cv1 cv2/ *.cv\n",
  "d/e/.r": "!\n",
  ".w": "-_aa -_bb",
  list: "# remark\n- aa\n. list2\n",
  list2: "- bb\n-s cc\n",
  list3: "- bb\n",
};

/** Underscores stand for blanks; `=` has the file's name behind it. */
const filters = [
  "-C",
  "-F",
  "-FF",
  "-f:_.r",
  "-f:_/.r",
  "-f:e_.r",
  "-f:n_.r",
  "-f:n_/.r",
  "-f:_../.r",
  "-f:_../../.r",
  "-f:w-_.w",
  "-f:/-_list",
  "-f:s_.r",
  "-f:r_.r",
  "-f:x_.r",
  "-f:C",
  "-f:C -C",
  "-f-C",
  "-f-C -f-_x",
  "-f:_.rsync-filter -f:_.r",
  "-f._list",
  "-f.-_list",
  "-f.e_list",
  "-f.r_list3",
  "-f.C_list",
  "-f.+_list --exclude=*",
  "--exclude-from=list",
  "--include-from=list --exclude=*",
  "-f-/_d/e",
  "-f-/_d/x",
  "-f-/_/TOP/d/x",
  "-f-x_x",
  "-f-rs_x",
  "-f-r_x",
  "-f+_*/ -f+_*.o -f-_*",
  "-f-_d/e/***",
  "-f-_**/e/x",
  "-f-_n1*",
  "-f-_/d",
  "-f-_e/",
  "-f+_/d/e -f-_/d",
  "-f:_.r -f!",
  "-f-_keep.o -FF",
];
const sources = ["-r d/", "-r d", "-r d/e/", "-rR d/e", "-rR d/./e/f", "-rR ./d/e", "-r ."];

describe.skipIf(!daemonVersions.includes("3.5.0"))("filter rules", () => {
  test("leave out what they leave out in rsync 3.5.0", () => {
    using work = temporaryDirectory();
    const top = fs.realpathSync(work.path);
    const files = ["", "d/", "d/e/", "d/e/f/"].flatMap((dir) => names.map((name) => dir + name));
    makeTree(top, { ...Object.fromEntries(files.map((file) => [file, ""])), ...rules });
    for (const dir of ["d/cv2", "d/e/cv2", "home"]) fs.mkdirSync(`${top}/${dir}`);
    makeTree(`${top}/home`, { ".cvsignore": "homepat *.home !keep" });
    const environment = { ...process.env, HOME: `${top}/home`, CVSIGNORE: "envpat other" };
    const before = process.cwd();
    process.chdir(top);
    try {
      const lines = filters.flatMap((filter, at) =>
        [sources[0], sources[at % sources.length]].map((source) => `${filter} ${source}`),
      );
      const told = (list: typeof theirs): string[] =>
        lines.map((line) => {
          const words = line.split(" ").map((word) => word.replaceAll("_", " "));
          const named = words.map((word) => word.replace("/TOP", top));
          return `${line}: ${list(named, environment).toSorted().join(" ")}`;
        });
      expect(told(ours)).toEqual(told(theirs));
    } finally {
      process.chdir(before);
    }
  });
});

function theirs(words: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const all = [...words, "-n", "--out-format=%n", "/nowhere/"];
  const ran = spawnSync(rsyncProgram("3.5.0"), all, { encoding: "latin1", env });
  expect(ran.stderr).toBe("");
  const lines = ran.stdout.split("\n").filter((line) => line !== "" && line !== "./");
  return lines.map((line) => line.replaceAll("\\#012", "\n").replace(/\/$/, ""));
}

function ours(words: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const { transfer, filter, sources: named } = parsePush([...words, "h::m/"], environment);
  const relative = transfer.relative ?? false;
  const source = new ArgumentSource({ recursive: true, relative, filter });
  const paths = named.flatMap((each) => [...source.list(each)].map(({ path }) => path));
  return paths.filter((path) => path !== "");
}
