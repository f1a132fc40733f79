import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { expect, test } from "vitest";
import { describeDaemons, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { listen } from "../support/servers.ts";
import { expectEqualTrees, temporaryDirectory } from "../support/tree.ts";

function list(url: string, version: "3.5.0" | "3.2.7", password: string): string {
  return execFileSync(rsyncProgram(version), ["-r", url], {
    env: { ...process.env, RSYNC_PASSWORD: password },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describeDaemons("a daemon for tests", (version) => {
  test("serves its modules to the users it was given, also after a restart", async () => {
    await using daemon = await startDaemon({
      version,
      modules: { backup: { "read only": true } },
      users: { rsync_backup: "s3cret" },
    });
    fs.writeFileSync(`${daemon.path("backup")}/here`, "");
    expect(list(daemon.url("backup", "rsync_backup"), version, "s3cret")).toContain("here");
    expect(() => list(daemon.url("backup", "rsync_backup"), version, "wrong")).toThrow(
      "auth failed",
    );
    await daemon.kill();
    await daemon.restart();
    expect(list(daemon.url("backup", "rsync_backup"), version, "s3cret")).toContain("here");
    expect(daemon.log()).toContain("auth failed on module backup");
  });

  test("is none where somebody else answers on its port", async () => {
    await using other = await listen(net.createServer());
    const started = startDaemon({ version, modules: {}, port: other.port });
    await expect(started).rejects.toThrow("somebody else listens there");
  });

  // If rsync itself could not mirror these trees, no test of ours that uses them would be fair.
  test.each([1, 2, 3])(
    "takes hostile tree %i and its changes from the stock client",
    async (seed) => {
      await using daemon = await startDaemon({ version, modules: { backup: {} } });
      using source = temporaryDirectory();
      const argv = ["-a", "--delete", `${source.path}/`, daemon.url("backup")];
      makeHostileTree(source.path, seed);
      execFileSync(rsyncProgram(version), argv);
      expectEqualTrees(source.path, daemon.path("backup"), { owners: true });
      mutateTree(source.path, seed);
      execFileSync(rsyncProgram(version), argv);
      expectEqualTrees(source.path, daemon.path("backup"), { owners: true });
    },
  );

  test("is gone, with its sessions and its directory, when its scope ends", async () => {
    let port = 0;
    let directory = "";
    let closed: Promise<unknown>;
    {
      await using daemon = await startDaemon({ version, modules: { backup: {} } });
      ({ port, directory } = daemon);
      const session = net.connect(port, "127.0.0.1");
      closed = new Promise((resolve) => session.once("close", resolve));
      await new Promise((resolve) => session.once("data", resolve));
    }
    await closed;
    expect(fs.existsSync(directory)).toBe(false);
    const error = await new Promise((resolve) => {
      net.connect(port, "127.0.0.1").once("error", resolve);
    });
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });
});
