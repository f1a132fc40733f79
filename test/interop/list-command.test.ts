import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { RsyncError } from "../../protocol/index.ts";
import { runList } from "../../src/cli/list.ts";
import { parseCommandLine } from "../../src/cli/program.ts";
import { parsePull } from "../../src/cli/pull/command.ts";
import { describeDaemons, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeHostileTree } from "../support/hostile.ts";
import { collectOutputs } from "../support/outputs.ts";
import { makeTree } from "../support/tree.ts";

interface Ran {
  readonly exitCode: number;
  readonly out: string;
}

async function ours(words: readonly string[]): Promise<Ran & { readonly err: string }> {
  const { told, outputs } = collectOutputs();
  const command = words.includes("--list-only")
    ? parsePull(words, {})
    : parseCommandLine(["list", ...words], { version: "0", environment: {} });
  if (command.kind !== "list") throw new Error(`${words.join(" ")} is no list: ${command.kind}`);
  try {
    return { exitCode: await runList(command, outputs, {}), ...told };
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    return { exitCode: error.exitCode, out: told.out, err: error.message };
  }
}

function stock(version: "3.5.0" | "3.2.7", words: readonly string[]): Ran {
  const ran = spawnSync(rsyncProgram(version), words, { encoding: "utf8" });
  return { exitCode: ran.status ?? -1, out: ran.stdout };
}

/** Of names that need it, rsync escapes some bytes and we escape more. */
function plainLines(out: string): string[] {
  return out.split("\n").filter((line) => !/\\#|\t[^\t]*\t|\tcr/.test(line));
}

describeDaemons("sersync list beside rsync", (version) => {
  const start = () =>
    startDaemon({
      version,
      motd: "Welcome\n",
      modules: {
        m: { comment: "the module" },
        "a long name of a module": {},
        hidden: { list: false },
        locked: { "auth users": "alice", "secrets file": "/nonexistent" },
      },
    });

  test("prints modules and files as rsync does", async () => {
    await using daemon = await start();
    makeHostileTree(daemon.path("m"), 5, 60);
    makeTree(daemon.path("m"), { "large file": Buffer.alloc(1_234_567), "dir/inner": "" });
    const at = `rsync://127.0.0.1:${daemon.port}/`;
    const listed = async (flags: string[], url: string, like = flags) => {
      const { exitCode, out } = await ours([...flags, url]);
      const theirs = stock(version, ["-l", ...like, url]);
      expect(exitCode).toBe(theirs.exitCode);
      expect(plainLines(out)).toEqual(plainLines(theirs.out));
    };
    await listed([], at);
    // There rsync leaves out the modules, too, which nobody wants.
    expect((await ours(["--no-motd", at])).out).toMatch(/^m /);
    await listed([], `${at}m`, ["--list-only", "-d"]);
    await listed([], `${at}m/`, ["--list-only", "-d"]);
    await listed([], `${at}m/dir`, ["--list-only", "-d"]);
    await listed([], `${at}m/large file`, ["--list-only", "-d"]);
    await listed(["-r"], `${at}m/`, ["--list-only", "-r"]);
    for (const pattern of ["m/*", "m/d?r", "m/[a-l]*", "m/d*/", "m/no*", "*"]) {
      await listed([], at + pattern, ["--list-only", "-d"]);
    }
    // Where the daemon has a chroot, what it expands begins with a slash.
    for (const place of ["m/d*/inner", "m/dir/../dir", "m/./dir/inner"]) {
      await listed(["-d", "-R", "--list-only", "-l"], at + place);
    }
    for (const protocol of ["27", "28", "29"]) {
      await listed(["-r", `--protocol=${protocol}`], `${at}m/`, [
        "--list-only",
        "-r",
        `--protocol=${protocol}`,
      ]);
    }
  });

  test("prints the same as JSON, for programs", async () => {
    await using daemon = await start();
    makeTree(daemon.path("m"), { file: "12345", link: { type: "symlink", target: "file" } });
    const at = `rsync://127.0.0.1:${daemon.port}/`;
    const modules = JSON.parse((await ours(["--json", at])).out);
    expect(modules.modules).toContainEqual({ name: "m", comment: "the module" });
    expect(modules.motd).toContain("Welcome");
    const files = JSON.parse((await ours(["--json", `${at}m/`])).out);
    expect(files.files).toMatchObject([
      { path: ".", type: "directory" },
      { path: "file", type: "file", mode: "0644", size: 5 },
      { path: "link", type: "symlink", linkTarget: "file" },
    ]);
  });

  test("ends with rsync's exit codes", async () => {
    await using daemon = await start();
    const at = `rsync://127.0.0.1:${daemon.port}/`;
    for (const url of [`${at}nope/`, `${at}locked/`, `${at}m/nope`, "rsync://127.0.0.1:1/"]) {
      const { exitCode, err } = await ours([url]);
      expect([url, exitCode]).toEqual([url, stock(version, ["--list-only", url]).exitCode]);
      expect(err).not.toBe("");
    }
  });
});
