import { expect, test } from "vitest";
import { describeDaemons } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { runRsync, serveModule } from "../support/served.ts";
import { expectEqualTrees } from "../support/tree.ts";

describeDaemons("serving a stock client", (version) => {
  test.each([
    [32, []],
    [31, ["-z", "--zc=zlibx"]],
    [30, ["-z"]],
    [29, ["-z"]],
    [28, []],
    [27, []],
  ] as const)("protocol %i, %j: random trees are pushed", async (protocol, words) => {
    await using served = await serveModule();
    makeHostileTree(served.here, protocol);
    for (let round = 0; round < 3; round += 1) {
      const url = `rsync://127.0.0.1:${served.port}/m/`;
      const options = ["-aH", "--delete", `--protocol=${protocol}`, ...words];
      const ran = await runRsync(version, [...options, `${served.here}/`, url]);
      expect(ran).toEqual({ code: 0, output: "", errors: "" });
      expectEqualTrees(served.here, served.path, { times: protocol > 30, owners: true });
      mutateTree(served.here, protocol * 10 + round);
    }
  });

  test.each([
    [32, []],
    [31, ["-z", "--zc=zlibx"]],
    [30, ["-z"]],
    [29, []],
    [27, []],
  ] as const)("protocol %i, %j: random trees are pulled", async (protocol, words) => {
    await using served = await serveModule();
    makeHostileTree(served.path, protocol);
    for (let round = 0; round < 3; round += 1) {
      const url = `rsync://127.0.0.1:${served.port}/m/`;
      const options = ["-aH", "--delete", `--protocol=${protocol}`, ...words];
      const ran = await runRsync(version, [...options, url, `${served.here}/`]);
      expect(ran).toEqual({ code: 0, output: "", errors: "" });
      expectEqualTrees(served.path, served.here, { times: protocol > 30, owners: true });
      mutateTree(served.path, protocol * 10 + round);
    }
  });
});
