import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { asBytePath, pathFromText } from "../../../protocol/index.ts";
import type { MirrorCommand } from "../../../src/cli/command.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";
import { startupLines } from "../../../src/cli/startup.ts";
import { fullPushCommand, pathPushCommand } from "../../../src/config/equivalent.ts";
import { fixture, parse } from "../config/parsing.ts";

const full = fixture("full.xml");
const { config } = parse(full);

function mirror(...words: string[]): MirrorCommand {
  const command = parseCommandLine(words, { version: "1", environment: {} });
  if (command.kind !== "mirror") throw new Error(`unexpected: ${command.kind}`);
  return command;
}

test("a start is announced in sersync's order and words", () => {
  const lines = startupLines(config, mirror("-dro", "confxml.xml"));
  expect(lines).toEqual([
    "parse the command param",
    "option: -d \trun as a daemon",
    "option: -r \trsync all the local files to the remote servers before the sersync work",
    "option: -o \tconfig xml name：  confxml.xml",
    "daemon thread num: 10",
    "parse xml config file",
    "host ip : 192.0.2.10\thost port: 8008",
    "Open debug, you will see debug infomation ",
    "daemon start，sersync run behind the console ",
    "use rsync password-file :",
    "user is\tmirror",
    "passwordfile is \t/etc/mirror.pass",
    "Start the crontab \tEvery 120 minutes rsync all the files to the remote servers entirely",
    "开启crontab过滤功能:",
    "*.bak",
    "after each synchronize run the plugin \tplugin name is: command",
    "config xml parse success",
    "please set /etc/rsyncd.conf max connections=0 Manually",
    "sersync working thread 12  = 1(primary thread) + 1(fail retry thread) + 10(daemon sub threads) ",
    "Max threads numbers is: 42 = 12(Thread pool nums) + 30(Sub threads)",
    "please according your cpu ，use -n param to adjust the cpu rate",
    "------------------------------------------",
    "rsync the directory recursivly to the remote servers once",
    "working please wait...",
    "execute command: cd /srv/photos && rsync -rltz --exclude='*.o' --delete -R --delete ./ --port=8730 --timeout=90 mirror@192.0.2.20::photos --password-file=/etc/mirror.pass --exclude='*.bak'",
    "execute command: cd /srv/photos && rsync -rltz --exclude='*.o' --delete -R --delete ./ --port=8730 --timeout=90 'mirror@[2001:db8::7]::backup/photos/2026/' --password-file=/etc/mirror.pass --exclude='*.bak'",
    "execute command: cd /srv/notes && rsync -rltz --exclude='*.o' --delete -R --delete ./ --port=8730 --timeout=90 mirror@mirror.example::notes --password-file=/etc/mirror.pass --exclude='*.bak'",
    "run the sersync: ",
    "watch path is: /srv/photos",
    "watch path is: /srv/notes",
  ]);
});

test("switches that are off are announced", () => {
  const text = full
    .replace('<delete start="true"', '<delete start="false"')
    .replace('<createFile start="true"', '<createFile start="false"');
  const lines = startupLines(parse(text).config, mirror("-n3"));
  expect(lines).toContain("will ignore the inotify delete event");
  expect(lines).toContain("will ignore the inotify createFile event ");
  expect(lines).toContain("option: -n \tthread num is：  3");
  expect(lines.join("\n")).not.toContain("execute command");
});

describe("the equivalent command", () => {
  const source = { watch: pathFromText("/srv/my photos"), remotes: [] };
  const remote = { host: "h", port: 873, module: "m", subPath: asBytePath(""), name: "m" };
  const bare = parse(
    full
      .replace(/<auth .*>/, '<auth start="false"/>')
      .replace(/<timeout .*>/, '<timeout start="false"/>')
      .replace(/<userDefinedPort .*>/, '<userDefinedPort start="false"/>')
      .replace(/params="[^"]*"/, 'params="-a"'),
  ).config;

  test.each([
    "a b",
    "x'y",
    '"; touch INJ; "',
    "`touch INJ`",
    "$(id)",
    "-n",
    "照片",
    "new\nline",
    "\\",
  ])("a shell reads the name %j back", (name) => {
    const line = pathPushCommand(bare, source, remote, pathFromText(name));
    expect(wordsOf(line)).toEqual(["-a", "-R", `./${name}`, "h::m"]);
  });

  test("a shell reads bytes back that are no text", () => {
    const line = pathPushCommand(bare, source, remote, asBytePath("a\xff'\\"));
    expect(line).toContain("$'./a\\377\\047\\134'");
  });

  test("over ssh it names a path", () => {
    const ssh = { ...bare, ssh: true };
    expect(fullPushCommand(ssh, source, { ...remote, isShared: true })).not.toMatch(/--delete/);
    expect(fullPushCommand(ssh, source, { ...remote, port: 22, name: "/data" })).toBe(
      "cd '/srv/my photos' && rsync -a -R --delete ./ -e ssh h:/data --exclude='*.bak'",
    );
  });

  /** The words bash hands to rsync in such a line. */
  function wordsOf(line: string): string[] {
    const rsync = line.slice(line.indexOf("&& rsync") + "&& rsync".length);
    const { stdout } = spawnSync("bash", ["-c", `printf '%s\\0' ${rsync}`], { encoding: "utf8" });
    return stdout.split("\0").slice(0, -1);
  }
});
