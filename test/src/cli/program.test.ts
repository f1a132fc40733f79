import { describe, expect, test } from "vitest";
import type { Command } from "../../../src/cli/command.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";

type Environment = Readonly<Record<string, string | undefined>>;

function command(text: string, environment: Environment = {}): Command {
  const words = text === "" ? [] : text.split(" ").map((word) => (word === "''" ? "" : word));
  return parseCommandLine(words, { version: "1.2.3", environment });
}

const plain = {
  kind: "mirror",
  files: ["confxml.xml"],
  fullPush: false,
  daemon: false,
  sessions: 10,
  watcher: "auto",
  given: [],
  warnings: [],
};

describe("sersync's own options", () => {
  test.each([
    ["", {}],
    ["-dro a.xml", { daemon: true, fullPush: true, files: ["a.xml"], given: ["d", "r", "o"] }],
    ["-rn5", { fullPush: true, sessions: 5, given: ["r", "n"] }],
    ["-n3", { sessions: 3, given: ["n"] }],
    ["-n 3 -d", { sessions: 3, daemon: true, given: ["n", "d"] }],
    ["-oa.xml -r", { files: ["a.xml"], fullPush: true, given: ["o", "r"] }],
    ["-o a.xml -o b.xml", { files: ["a.xml", "b.xml"], given: ["o", "o"] }],
    ["-m command -o a.xml", { plugin: "command", files: ["a.xml"], given: ["m", "o"] }],
    ["-d -m refreshCDN", { plugin: "refreshCDN", daemon: true, given: ["d", "m"] }],
    ["--watcher poll", { watcher: "poll" }],
    ["--watcher=inotify -r", { watcher: "inotify", fullPush: true, given: ["r"] }],
  ])("%j", (text, expected) => {
    expect(command(text)).toEqual({ ...plain, ...expected });
  });

  test.each(["0", "ten", "''"])("-n %s is 10, as in sersync, with a warning", (word) => {
    const parsed = command(`-n ${word}`);
    expect(parsed).toMatchObject({
      sessions: 10,
      warnings: [expect.stringContaining("-n: found")],
    });
  });

  test("a word too many is passed over, with a warning", () => {
    expect(command("-r whatever")).toMatchObject({
      fullPush: true,
      warnings: ['"whatever" is no option and is passed over'],
    });
  });

  test.each([
    ["-o ''", "ERROR config file name empty"],
    ["-x", "unknown option '-x'"],
    ["-o", "argument missing"],
    ["-n -5", "allowed is a number from 1 to 1000"],
    ["-m comand", "did you mean command?"],
    ["-m ''", "allowed are command, socket, refreshCDN, http"],
    ["--watcher fsevents", "Allowed choices are auto, inotify, chokidar, poll"],
    ["chekc", "did you mean check?"],
  ])("%s is refused with exit code 1", (text, said) => {
    expect(command(text)).toEqual({
      kind: "text",
      text: expect.stringContaining(said),
      exitCode: 1,
    });
  });
});

describe("help", () => {
  test.each(["-h", "--help"])("%s is in English unless the locale is Chinese", (flag) => {
    expect(command(flag)).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("Examples:"),
    });
    expect(command(flag, { LANG: "zh_CN.UTF-8" })).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("参数-d:启用守护进程模式"),
    });
  });

  test("--lang goes before the locale", () => {
    const zh = { LC_ALL: "zh_CN.GBK" };
    expect(command("--lang en --help", zh)).toMatchObject({
      text: expect.stringContaining("Usage"),
    });
    expect(command("--help --lang=zh")).toMatchObject({ text: expect.stringContaining("参数-r") });
  });

  test("every option of sersync has its Chinese line", () => {
    const { text = "" } = command("-h --lang zh") as { text?: string };
    for (const letter of "drnom") expect(text).toContain(`参数-${letter}:`);
  });

  test("every command and every long option has its Chinese line", () => {
    const { text: whole = "" } = command("-h") as { text?: string };
    const [english = ""] = whole.split("Examples:");
    const { text = "" } = command("-h --lang zh") as { text?: string };
    const commands = [...english.matchAll(/^ {2}([a-z][a-z-]*) (?=.* {2})/gm)].map(
      ([, name]) => name,
    );
    expect(commands).toEqual(expect.arrayContaining(["check", "push", "list"]));
    for (const name of commands) expect(text).toContain(`sersync ${name} `);
    const long = [...english.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
    expect(long).toContain("--state-dir");
    for (const name of long) expect(text).toContain(name);
  });

  test("a refusal in Chinese names what was found", () => {
    expect(command("-x", { LANG: "zh_CN" })).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(/命令行参数错误.*-x/),
    });
  });

  test("--version says the version", () => {
    expect(command("--version")).toEqual({ kind: "text", text: "1.2.3\n", exitCode: 0 });
  });

  test("a subcommand has help of its own", () => {
    expect(command("check --help")).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("--json"),
    });
  });
});

describe("subcommands", () => {
  test.each([
    ["check", { kind: "check", files: ["confxml.xml"], json: false }],
    ["check -o a.xml --json", { kind: "check", files: ["a.xml"], json: true }],
    ["explain -o a.xml x/y", { kind: "explain", files: ["a.xml"], path: "x/y" }],
  ])("%s", (text, expected) => {
    expect(command(text)).toEqual(expected);
  });

  test("watch needs no file", () => {
    const text =
      "watch -r /data rsync://anna@h:8730/m/d [::1]::n --exclude *.o --exclude /x --no-delete --password-file p -n 2";
    expect(command(text)).toEqual({
      kind: "watch",
      warnings: [],
      fullPush: true,
      daemon: false,
      sessions: 2,
      watcher: "auto",
      settings: {
        source: "/data",
        targets: [
          { host: "h", port: 8730, name: "m/d", user: "anna" },
          { host: "::1", name: "n" },
        ],
        excludes: ["*.o", "/x"],
        deletes: false,
        passwordFile: "p",
        debug: false,
      },
    });
  });

  test("watch takes everything from the environment, where a container has it", () => {
    const parsed = command("watch", {
      SERSYNC_SOURCE: "/data",
      SERSYNC_TARGETS: "rsync://a/m  rsync://b/m",
      SERSYNC_PASSWORD_FILE: "/run/secrets/rsync",
      SERSYNC_USER: "anna",
      SERSYNC_EXCLUDES: "*.o tmp/",
      SERSYNC_PARAMS: "-az",
      SERSYNC_DELETE: "false",
      SERSYNC_TIMEOUT: "30",
      SERSYNC_RECONCILE: "60",
      SERSYNC_SESSIONS: "4",
      SERSYNC_FULL_PUSH: "true",
      SERSYNC_WATCHER: "poll",
      SERSYNC_DEBUG: "true",
    });
    expect(parsed).toEqual({
      kind: "watch",
      warnings: [],
      fullPush: true,
      daemon: false,
      sessions: 4,
      watcher: "poll",
      settings: {
        source: "/data",
        targets: [
          { host: "a", name: "m" },
          { host: "b", name: "m" },
        ],
        params: "-az",
        excludes: ["*.o", "tmp/"],
        deletes: false,
        user: "anna",
        passwordFile: "/run/secrets/rsync",
        timeoutSeconds: 30,
        reconcileMinutes: 60,
        debug: true,
      },
    });
  });

  test.each([
    ["watch", {}, "the directory to watch is missing"],
    ["watch /data", {}, "the address of a module is missing"],
    ["watch /data /elsewhere", {}, 'Cannot read the address "/elsewhere"'],
    ["watch /d rsync://h/m", { SERSYNC_TIMEOUT: "soon" }, 'SERSYNC_TIMEOUT: found "soon"'],
    ["watch /d rsync://h/m", { SERSYNC_WATCHER: "eyes" }, 'SERSYNC_WATCHER: found "eyes"'],
    ["watch /d rsync://h/m", { SERSYNC_SESSIONS: "0" }, 'SERSYNC_SESSIONS: found "0"; a number'],
    ["watch /d rsync://h/m -n 0", {}, "a number from 1 to 1000 is needed"],
    [
      "watch /d",
      { SERSYNC_TARGET: "rsync://h/m" },
      "did you mean SERSYNC_TARGETS?\nerror: the addr",
    ],
    ["watch /d rsync://h/m --timeout 0", {}, "a number from 1 to 999999"],
    ["explain -o a.xml", {}, "missing required argument 'path'"],
  ])("%s is refused where something is missing or wrong", (text, environment, said) => {
    expect(command(text, environment)).toEqual({
      kind: "text",
      text: expect.stringContaining(said),
      exitCode: 1,
    });
  });

  test("a variable that is misspelt is told, with the one that was meant", () => {
    const environment = {
      SERSYNC_EXCLUDE: "*.o",
      SERSYNC_COLOUR: "red",
      SERSYNC_PORT: "tcp://10.0.0.1:8008", // as Kubernetes tells of a service called "sersync"
      SERSYNC_PORT_8008_TCP_ADDR: "10.0.0.1",
      SERSYNC_PAGE_SERVICE_HOST: "10.0.0.1",
      SERSYNC_SERVICE_PORT_PAGE: "8008",
    };
    const near = "SERSYNC_EXCLUDE is no variable of sersync; did you mean SERSYNC_EXCLUDES?";
    const passedOver = "SERSYNC_COLOUR is no variable of sersync, and is passed over";
    expect(command("watch /d rsync://h/m", environment)).toMatchObject({
      warnings: [near, passedOver],
    });
    expect(command("-r", environment)).toMatchObject({ warnings: [near] });
    const ofPlugin = { SERSYNC_RESULT: "delivered", SERSYNC_TARGET: "h::m" };
    expect(command("watch /d rsync://h/m", ofPlugin)).toMatchObject({ warnings: [] });
  });

  test("init may leave everything open", () => {
    expect(command("init")).toMatchObject({ kind: "init", output: undefined });
    expect(command("init /data rsync://h/m -o c.xml")).toMatchObject({
      output: "c.xml",
      settings: { source: "/data", targets: [{ host: "h", name: "m" }] },
    });
  });
});

describe("the status page's address", () => {
  const watch = "watch /data rsync://h/m";

  test.each([
    ["127.0.0.1:9000", { ip: "127.0.0.1", port: 9000 }],
    ["mirror.example:80", { ip: "mirror.example", port: 80 }],
    ["[::1]:8008", { ip: "::1", port: 8008 }],
    ["8009", { ip: "0.0.0.0", port: 8009 }],
    [":8009", { ip: "0.0.0.0", port: 8009 }],
    ["off", { ip: "localhost", port: 0 }],
  ])("%s", (text, page) => {
    expect(command(`${watch} --page ${text}`)).toMatchObject({ settings: { page } });
    expect(command(watch, { SERSYNC_PAGE: text })).toMatchObject({ settings: { page } });
    expect(command(`health --page ${text}`)).toMatchObject({ kind: "health", page });
  });

  test.each(["nowhere", "1:2:3", "h:99999", "::1:80"])("%s is refused", (text) => {
    expect(command(`${watch} --page ${text}`)).toMatchObject({ kind: "text", exitCode: 1 });
    const { text: said } = command(watch, { SERSYNC_PAGE: text }) as { readonly text: string };
    expect(said).toContain(`SERSYNC_PAGE: found "${text}"`);
  });

  test("the share of targets for /readyz, the guard, and the limit, come from flags or variables", () => {
    const run = { readyShare: 0.5, deleteGuard: 0.2, pendingLimit: 500 };
    const environment = {
      SERSYNC_READY_SHARE: "50",
      SERSYNC_DELETE_GUARD: "20",
      SERSYNC_PENDING_LIMIT: "500",
    };
    const flags = "--ready-share 50 --delete-guard 20 --pending-limit 500";
    expect(command(`${watch} ${flags}`)).toMatchObject(run);
    expect(command(watch, environment)).toMatchObject(run);
    for (const wrong of ["0", "-1", "1e5", "many"]) {
      expect(command(`${watch} --pending-limit ${wrong}`)).toMatchObject({ exitCode: 1 });
    }
    const refused = command(watch, { SERSYNC_READY_SHARE: "all" });
    expect(refused).toMatchObject({ text: expect.stringContaining("from 1 to 100") });
  });
});
