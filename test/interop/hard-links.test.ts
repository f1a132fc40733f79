import fs from "node:fs";
import { test } from "vitest";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

describeDaemons("a file with several names", (version) => {
  test("arrives under all of them, whichever it is written under", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(source.path, { "d/one": "before", "e/f": "" });
    await using _ = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    const target = daemon.path("backup");
    fs.linkSync(`${source.path}/d/one`, `${source.path}/e/two`);
    fs.writeFileSync(`${source.path}/e/two`, "written under its second name");
    await untilEqualTrees(source.path, target);
    fs.chmodSync(`${source.path}/d/one`, 0o600);
    await untilEqualTrees(source.path, target);
    fs.renameSync(`${source.path}/d`, `${source.path}/moved`);
    fs.appendFileSync(`${source.path}/e/two`, ", and again");
    await untilEqualTrees(source.path, target);
  });
});
