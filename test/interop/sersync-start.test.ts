import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { untilEqualTrees } from "../support/mirror.ts";
import { workplace } from "../support/service.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

const version = "3.5.0";

/** What sersync 2.5 got wrong when it was started (its observed behaviour, F-16 to F-31). */
describe.each([[["-r"]], [["-dr"]]])("a start with %j that cannot work is refused", (words) => {
  test("the watched directory does not exist (F-21)", async () => {
    using place = temporaryDirectory();
    const source = `${place.path}/missing`;
    await using at = workplace({ source, port: 1, remotes: [{ module: "m" }] });
    const { exitCode, err } = await at.run(...words, "-o", at.file);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/confxml\.xml:\d+:\d+: localpath watch: .*missing.* does not exist/);
    expect((await at.run("status", "-o", at.file)).exitCode).toBe(3);
  });

  test("a value, an attribute and an element are misspelt (F-22)", async () => {
    using place = temporaryDirectory();
    await using at = workplace({ source: place.path, port: 1, remotes: [{ module: "m" }] });
    const spoilt = fs
      .readFileSync(at.file, "utf8")
      .replace(/<delete start="\w+"/, '<delete start="ture"')
      .replace("<closeWrite start=", "<closeWrite strat=")
      .replace("<moveTo ", "<movTo ");
    fs.writeFileSync(at.file, spoilt);
    const { exitCode, err } = await at.run(...words, "-o", at.file);
    expect(exitCode).toBe(1);
    for (const meant of ['"true"', '"start"', "<moveTo>"]) {
      expect(err).toMatch(new RegExp(`confxml\\.xml:\\d+:\\d+: .*did you mean ${meant}`));
    }
    expect((await at.run("status", "-o", at.file)).exitCode).toBe(3);
  });
});

describe.skipIf(!daemonVersions.includes(version))("what sersync needed or followed", () => {
  test("links in a circle stay links with xfs, and nothing is watched twice (F-16)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "d/f": "x" });
    fs.symlinkSync("..", `${source.path}/d/up`);
    fs.symlinkSync("d", `${source.path}/ld`);
    const remotes = [{ module: "backup" }];
    await using at = workplace({ source: source.path, port: daemon.port, remotes });
    const text = fs.readFileSync(at.file, "utf8").replace(/<fileSystem[^>]*>/, "");
    fs.writeFileSync(at.file, text.replace(/<head[^>]*>/, '$&<fileSystem xfs="true"/>'));
    const running = at.launch(["-r", "-o", at.file]);
    await running.says(({ msg }) => msg === "full push complete");
    fs.writeFileSync(`${source.path}/ld/g`, "by the link");
    fs.symlinkSync("../d", `${source.path}/d/again`);
    await untilEqualTrees(source.path, daemon.path("backup"));
    const { out } = await at.run("status", "-o", at.file);
    expect(out).toContain("2 directories");
  });

  test("it mirrors where there is neither a shell nor an rsync (F-31)", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "d/f": "x" });
    const remotes = [{ module: "backup" }];
    await using at = workplace({ source: source.path, port: daemon.port, remotes });
    const running = at.launch(["-r", "-o", at.file], { PATH: "/nonexistent", SHELL: "" });
    await running.says(({ msg }) => msg === "full push complete");
    fs.writeFileSync(`${source.path}/g`, "y");
    fs.rmSync(`${source.path}/d`, { recursive: true });
    await untilEqualTrees(source.path, daemon.path("backup"));
  });
});

test("an argument whose bytes Node has lost is refused, not taken for another name", async () => {
  using place = temporaryDirectory();
  await using at = workplace({ source: place.path, port: 1, remotes: [{ module: "m" }] });
  const { exitCode, err } = await at.run("explain", "a\ufffd", "-o", at.file);
  expect(exitCode).toBe(1);
  expect(err).toContain("is not UTF-8");
});
