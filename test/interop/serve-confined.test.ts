import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { FilterRules, parseFilterRule } from "../../protocol/index.ts";
import { daemonVersions } from "../support/daemon.ts";
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
  [`--${option}=OUTSIDE`],
  [`--${option}=sub/../absolute/inner/..`],
];

// What is tried is the client's words, not its release.
const version = "3.5.0";

describe.skipIf(!daemonVersions.includes(version))("places outside of a module", () => {
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
    const options = words.map((word) => word.replace("OUTSIDE", outside));
    await runRsync(version, ["-rlt", "--delete", ...options, `${served.here}/`, url]);
    expect(readTree(outside)).toEqual(before);
    for (const [at, { type }] of readTree(served.path)) {
      if (type !== "file") continue;
      expect(fs.readFileSync(path.join(served.path, at), "utf8")).not.toContain(secret);
    }
  });

  test.each([["-rL"], ["-rL", "--no-i-r"], ["-rlk"], ["-rl", "--copy-unsafe-links"], ["-rLR"]])(
    "%j %j: nothing of it comes through links that are followed",
    async (...words) => {
      await using served = await serveModule({ filter: rules("- /hidden") });
      const outside = path.join(path.dirname(served.path), "outside");
      makeTree(outside, { file: secret, "inner/file": secret });
      makeTree(served.path, {
        up: { type: "symlink", target: "../outside" },
        absolute: { type: "symlink", target: outside },
        "d/file": { type: "symlink", target: "../../outside/file" },
        "d/root": { type: "symlink", target: "/" },
        "d/more": { type: "symlink", target: "/../outside/file" },
        "hidden/file": secret,
        "d/hidden": { type: "symlink", target: "../hidden" },
        "d/hiddenFile": { type: "symlink", target: "/hidden/file" },
        real: "inside",
        "d/real": { type: "symlink", target: "/real" },
      });
      const url = `rsync://127.0.0.1:${served.port}/m/`;
      await runRsync(version, [...words, url, `${url}up/`, `${url}d/file`, `${served.here}/`]);
      const found = [...readTree(served.here)].filter(([, { type }]) => type === "file");
      const content = found.map(([at]) => fs.readFileSync(path.join(served.here, at), "utf8"));
      expect(new Set(content)).toEqual(new Set(["inside"]));
      expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
    },
  );

  test("-K leads to no directory that is hidden, and to nothing that is hidden in another", async () => {
    await using served = await serveModule({ filter: rules("- /hidden", "- /seen/secret*") });
    makeTree(served.path, {
      "hidden/file": secret,
      "seen/secret": secret,
      "seen/secret too": secret,
      "seen/gone": "",
      "seen/deep/file": "older",
      hides: { type: "symlink", target: "/hidden" },
      shows: { type: "symlink", target: "/../seen/." },
      "through/more": { type: "symlink", target: "../shows/deep" },
      loop: { type: "symlink", target: "loop" },
      inside: { type: "symlink", target: path.join(served.path, "seen") },
    });
    const both = { file: "pushed", secret: "pushed" };
    for (const link of ["hides", "shows", "through/more", "loop", "inside"]) {
      makeTree(path.join(served.here, link), both);
    }
    const url = `rsync://127.0.0.1:${served.port}/m/`;
    const words = ["-rltK", "--delete", "--filter=P deep", "--filter=P /seen"];
    const { code } = await runRsync(version, [...words, `${served.here}/`, url]);
    expect(code).toBe(23);
    expect(fs.readdirSync(path.join(served.path, "seen")).sort()).toEqual([
      "deep",
      "file",
      "secret",
      "secret too",
    ]);
    const content = (at: string): string => fs.readFileSync(path.join(served.path, at), "utf8");
    for (const kept of ["hidden/file", "seen/secret", "seen/secret too"])
      expect(content(kept)).toBe(secret);
    for (const at of ["hides/file", "seen/file", "seen/deep/file", "loop/file", "inside/file"]) {
      expect(content(at)).toBe("pushed");
    }
    const isLink = (at: string): boolean =>
      fs.lstatSync(path.join(served.path, at)).isSymbolicLink();
    expect(["hides", "shows", "through/more", "inside"].filter(isLink)).toEqual([
      "shows",
      "through/more",
    ]);
  });

  test("links that are put in the way meanwhile lead nowhere", async () => {
    await using served = await serveModule();
    const outside = path.join(path.dirname(served.path), "outside");
    const files = Array.from({ length: 40 }, (_, n) => `f${n}`);
    const tree = (content: string, below: string) =>
      Object.fromEntries(files.map((name) => [`${below}${name}`, content]));
    makeTree(outside, tree(secret, ""));
    makeTree(served.path, tree("inside", "d/e/"));
    makeTree(served.here, tree("pushed", "source/d/e/"));
    const before = readTree(outside);
    const url = `rsync://127.0.0.1:${served.port}/m/`;
    const swapping = spawn(process.execPath, ["-e", swapScript, served.path, outside]);
    try {
      for (const [round, words] of swapped.entries()) {
        const back = path.join(served.here, `back${round}`);
        await Promise.all([
          runRsync(version, [...words, `${served.here}/source/`, url]),
          runRsync(version, [round % 2 === 0 ? "-a" : "-aL", url, back]),
        ]);
        for (const [at, { type }] of fs.existsSync(back) ? readTree(back) : []) {
          const isFile = type === "file";
          expect(isFile && fs.readFileSync(path.join(back, at), "utf8")).not.toBe(secret);
        }
      }
    } finally {
      swapping.kill("SIGKILL");
      await once(swapping, "close");
    }
    expect(readTree(outside)).toEqual(before);
    expect(served.events.filter(({ kind }) => kind === "trouble")).toEqual([]);
  });
});

function rules(...texts: readonly string[]): FilterRules {
  const filter = new FilterRules();
  filter.add(...texts.map((text) => parseFilterRule(text)));
  return filter;
}

const swapped = [
  ["-aI", "--delete"],
  ["-aIK", "--delete"],
  ["-aI", "--inplace"],
  ["-aI", "-b", "--backup-dir=/d/e", "--suffix=.old"],
  ["-aI", "--temp-dir=/d/e"],
  ["-aI", "--partial-dir=.p", "--delay-updates", "--chmod=600"],
];

/** Puts a link in the place of `d/e`, and takes it away again, as fast as it can. */
const swapScript = `
  const fs = require("node:fs");
  const [, root, outside] = process.argv;
  for (;;) {
    try {
      fs.renameSync(root + "/d/e", root + "/aside");
      fs.symlinkSync(outside, root + "/d/e");
      fs.unlinkSync(root + "/d/e");
      fs.renameSync(root + "/aside", root + "/d/e");
    } catch {
      // somebody else was faster
      try { if (!fs.existsSync(root + "/d/e")) fs.renameSync(root + "/aside", root + "/d/e"); } catch {}
    }
  }
`;
