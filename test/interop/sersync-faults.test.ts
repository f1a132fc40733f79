import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { launchMirror, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, type TreeSpec, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

/** A daemon, a source below a directory whose name has a blank, and how to mirror it (F-24). */
async function place(spec: TreeSpec = {}) {
  const daemon = await startDaemon({ version, modules: { backup: {} } });
  const directory = temporaryDirectory();
  const source = `${directory.path}/with a blank; $(touch ran)`;
  makeTree(source, spec);
  return {
    daemon,
    source,
    target: daemon.path("backup"),
    setUp: { source, port: daemon.port, remotes: [{ module: "backup" }] },
    [Symbol.asyncDispose]: async () => {
      await daemon.remove();
      directory[Symbol.dispose]();
    },
  };
}

/** What sersync 2.5 got wrong (its observed behaviour, F-01 to F-33), as far as delivery goes. */
describe.skipIf(!daemonVersions.includes(version))(
  "where sersync failed, in a directory whose name has a blank (F-24)",
  () => {
    test("what is made during -r arrives, new directories with what comes into them too (F-01)", async () => {
      const many = Object.fromEntries(
        Array.from({ length: 1_000 }, (_, i) => [`d${i % 30}/f${i}`, "x"]),
      );
      await using at = await place(many);
      await using mirror = launchMirror(at.setUp);
      await mirror.says(({ msg }) => msg === "delivered");
      makeTree(at.source, { late: "late", "new/deep/f": "f" });
      fs.writeFileSync(`${at.source}/new/deep/g`, "g");
      await mirror.says(({ msg }) => msg === "full push complete");
      await untilEqualTrees(at.source, at.target);
    });

    test("storms of renames and atomic saves end equal, and kill nothing (F-03, F-05)", async () => {
      await using at = await place({ "d/f": "0" });
      await using mirror = await startMirror(at.setUp);
      for (let i = 0; i < 60; i += 1) {
        fs.writeFileSync(`${at.source}/.save`, `${i}`.padStart(4, "0"));
        fs.renameSync(`${at.source}/.save`, `${at.source}/saved`);
        const [from, to] = i % 2 === 0 ? ["d", "e"] : ["e", "d"];
        fs.renameSync(`${at.source}/${from}`, `${at.source}/${to}`);
        fs.writeFileSync(`${at.source}/${to}/f`, `${i}`.padStart(4, "0"));
        if (i % 10 === 0) {
          fs.rmSync(`${at.source}/${to}`, { recursive: true });
          makeTree(at.source, { [`${to}/f`]: "anew" });
        }
      }
      await untilEqualTrees(at.source, at.target);
      expect(mirror.isRunning()).toBe(true);
    });

    test("an older file goes over a newer one there, by event (F-06)", async () => {
      await using at = await place();
      await using _ = await startMirror(at.setUp);
      makeTree(at.target, { f: "newer, theirs" });
      fs.writeFileSync(`${at.source}/.restored`, "older, ours");
      fs.utimesSync(`${at.source}/.restored`, 1_000_000, 1_000_000);
      fs.renameSync(`${at.source}/.restored`, `${at.source}/f`);
      await untilEqualTrees(at.source, at.target);
    });

    test("names of any bytes come and go, run nothing, and delete nothing else (F-07, F-08, F-11, F-33)", async () => {
      const names = [
        "`touch ran`",
        '"; touch ran; "',
        "$(touch ran)",
        '"|touch ran|"',
        "ends in \\",
        'a"b',
        "-rf",
        "#x",
        "a:b",
        "m::n",
        "(x",
        "<y",
        "&z",
        ";w",
        "line\nbreak",
        "tab\tx",
        "b[ra]x",
        "*",
        "?",
        "\xc4\xe3\xba\xc3",
        "\xe4\xb8\xad",
        "n".repeat(250),
      ];
      await using at = await place();
      await using mirror = await startMirror(at.setUp);
      makeTree(at.source, Object.fromEntries(names.map((name) => [name, name])));
      await untilEqualTrees(at.source, at.target);
      makeTree(at.target, { "their own": "", b: "" });
      for (const name of fs.readdirSync(at.source, "buffer")) {
        fs.rmSync(Buffer.concat([Buffer.from(`${at.source}/`), name]));
      }
      makeTree(at.source, { last: "" });
      await expect
        .poll(() => fs.readdirSync(at.target).sort(), { timeout: 30_000 })
        .toEqual(["b", "last", "their own"]);
      expect(fs.existsSync("ran")).toBe(false);
      expect(mirror.isRunning()).toBe(true);
    });

    test("a -r that cannot reach its target says so and is made up for (F-14)", async () => {
      await using at = await place({ "d/f": "x" });
      await at.daemon.kill();
      await using mirror = launchMirror(at.setUp);
      await mirror.says(({ level, msg }) => level === "error" && msg.includes("trying again"));
      await at.daemon.restart();
      await mirror.says(({ msg }) => msg === "full push complete");
      await untilEqualTrees(at.source, at.target);
    });

    test("links, hidden files, ~ and 4913, and rights arrive by event (F-15, F-18, F-19)", async () => {
      await using at = await place({ f: "x", "d/g": "y" });
      await using _ = await startMirror(at.setUp);
      fs.symlinkSync("f", `${at.source}/link`);
      fs.linkSync(`${at.source}/f`, `${at.source}/hard`);
      makeTree(at.source, { ".htaccess": "h", "x~": "t", "4913": "v", ".env/.deep": "e" });
      fs.chmodSync(`${at.source}/f`, 0o600);
      fs.chmodSync(`${at.source}/d`, 0o700);
      fs.chmodSync(at.source, 0o711);
      await untilEqualTrees(at.source, at.target);
      await expect.poll(() => fs.statSync(at.target).mode & 0o777, { timeout: 30_000 }).toBe(0o711);
    });

    test("a moved file is never missing at the target under both names (F-26)", async () => {
      await using at = await place({ n0: Buffer.alloc(300_000, "x") });
      await using _ = await startMirror(at.setUp);
      let gaps = 0;
      for (let i = 0; i < 10; i += 1) {
        fs.renameSync(`${at.source}/n${i}`, `${at.source}/n${i + 1}`);
        const startedAt = performance.now();
        while (!fs.existsSync(`${at.target}/n${i + 1}`) && performance.now() - startedAt < 30_000) {
          const isThere =
            fs.existsSync(`${at.target}/n${i}`) || fs.existsSync(`${at.target}/n${i + 1}`);
          if (!isThere) gaps += 1;
          await new Promise(setImmediate);
        }
      }
      await untilEqualTrees(at.source, at.target);
      expect(gaps).toBe(0);
    });
  },
);
