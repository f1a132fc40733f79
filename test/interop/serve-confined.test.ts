import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { describeDaemons } from "../support/daemon.ts";
import { runRsync, serveModule } from "../support/served.ts";
import { makeTree, readTree } from "../support/tree.ts";

const secret = "what-nobody-may-see";
/** As long, and as old: what an alternate directory would be taken for. */
const sameSize = secret.replaceAll(/./g, "x");

/** Ways to name a directory outside of a module; `/outside` is beside it. */
const ways = (option: string): string[][] => [
  [`--${option}=../outside`],
  [`--${option}=/../outside`],
  [`--${option}=link`],
  [`--${option}=/link`],
  [`--${option}=sub/../../outside`],
];

describeDaemons("a client that names places outside of a module", (version) => {
  test.each([
    ...ways("backup-dir").map((words) => ["-b", ...words]),
    ...ways("partial-dir"),
    ...ways("temp-dir"),
    ...ways("link-dest"),
    ...ways("copy-dest"),
    ...ways("compare-dest"),
    ["-K"],
    ["--inplace"],
    ["--append"],
    ["-b", "--suffix=/../../outside/evil"],
  ])("%j %j: nothing there is read or written", async (...words) => {
    await using served = await serveModule();
    const outside = path.join(path.dirname(served.path), "outside");
    makeTree(outside, { file: secret, inner: { type: "directory" } });
    makeTree(served.path, {
      link: { type: "symlink", target: "../outside" },
      absolute: { type: "symlink", target: outside },
      "sub/file": "older",
      file: "older",
    });
    makeTree(served.here, {
      file: sameSize,
      "link/file": sameSize,
      "absolute/inner/new": "evil",
      "sub/file": sameSize,
    });
    for (const at of [outside, served.here]) fs.utimesSync(path.join(at, "file"), 1, 1);
    const before = readTree(outside);
    const url = `rsync://127.0.0.1:${served.port}/m/`;
    await runRsync(version, ["-rlt", "--delete", ...words, `${served.here}/`, url]);
    expect(readTree(outside)).toEqual(before);
    for (const [at, { type }] of readTree(served.path)) {
      if (type !== "file") continue;
      expect(fs.readFileSync(path.join(served.path, at), "utf8")).not.toContain(secret);
    }
  });
});
