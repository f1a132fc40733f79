import fs from "node:fs";
import { expect, test } from "vitest";
import { runList } from "../../src/cli/list.ts";
import { parseCommandLine } from "../../src/cli/program.ts";
import { parsePull } from "../../src/cli/pull/command.ts";
import { runPullCommand } from "../../src/cli/pull/run.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { describeDaemons, rsyncProgram } from "../support/daemon.ts";
import { collectOutputs } from "../support/outputs.ts";
import { hasSshd, type SshDaemon, startSshd } from "../support/sshd.ts";
import { expectEqualTrees, makeTree, temporaryDirectory } from "../support/tree.ts";

const tree = {
  "a b": "hello",
  "dir/it's * here": "deep",
  l: { type: "symlink", target: "x" },
} as const;

describeDaemons("commands over ssh", (version) => {
  function words(sshd: SshDaemon, known = sshd.knownHosts): string[] {
    const ssh = `ssh -p ${sshd.port} -i ${sshd.identity} -o UserKnownHostsFile=${known} -o IdentityAgent=none`;
    return ["-e", ssh, `--rsync-path=${rsyncProgram(version)}`];
  }

  test.skipIf(!hasSshd)("push, list and pull a directory there", async () => {
    await using sshd = await startSshd();
    using source = temporaryDirectory();
    using there = temporaryDirectory();
    using back = temporaryDirectory();
    makeTree(source.path, tree);
    const place = `${sshd.user}@127.0.0.1:${there.path}/copy of $it/`;
    const pushing = collectOutputs();
    const push = parsePush(["-a", ...words(sshd), `${source.path}/`, place], {});
    expect(await runPush(push, pushing.outputs)).toBe(0);
    expectEqualTrees(source.path, `${there.path}/copy of $it`);

    const listing = collectOutputs();
    const list = parseCommandLine(["list", "-r", ...words(sshd), place], {
      version: "0",
      environment: {},
    });
    expect(await runList(list as never, listing.outputs, {})).toBe(0);
    expect(listing.told.out).toMatch(/ dir\/it's \* here$/m);

    const pull = parsePull(["-a", ...words(sshd), place, `${back.path}/`], {});
    expect(await runPullCommand(pull as never, collectOutputs().outputs)).toBe(0);
    expectEqualTrees(source.path, back.path);
  });

  test.skipIf(!hasSshd)("write a single file under the name that is given", async () => {
    await using sshd = await startSshd();
    using source = temporaryDirectory();
    makeTree(source.path, { a: "file" });
    const place = `${sshd.user}@127.0.0.1:${source.path}/named`;
    const { told, outputs } = collectOutputs();
    const push = parsePush(["-tv", ...words(sshd), `${source.path}/a`, place], {});
    expect(await runPush(push, outputs)).toBe(0);
    expect(told.out).toMatch(/^a$/m);
    expect(fs.readFileSync(`${source.path}/named`, "utf8")).toBe("file");
  });

  test.skipIf(!hasSshd)("trust no host that known_hosts does not know", async () => {
    await using sshd = await startSshd();
    const command = [
      "-a",
      ...words(sshd, "/nonexistent"),
      sshd.directory,
      "127.0.0.1:/nonexistent",
    ];
    await expect(runPush(parsePush(command, {}), collectOutputs().outputs)).rejects.toMatchObject({
      code: "UNTRUSTED_HOST",
    });
  });

  test.skipIf(!hasSshd)("say what is wrong there", async () => {
    await using sshd = await startSshd();
    const place = `${sshd.user}@127.0.0.1:/nonexistent/dir/`;
    const list = parseCommandLine(["list", ...words(sshd), place], {
      version: "0",
      environment: {},
    });
    const { told, outputs } = collectOutputs();
    const code = await runList(list as never, outputs, {}).catch((error: Error) => error.message);
    expect(`${code} ${told.err}`).toMatch(/nonexistent.*No such file/);
  });
});
