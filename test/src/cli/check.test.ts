import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RsyncError } from "../../../protocol/index.ts";
import { runCheck } from "../../../src/cli/check.ts";
import { runDiff } from "../../../src/cli/diff.ts";
import { runExplain } from "../../../src/cli/explain.ts";
import { runInit, writeInitial } from "../../../src/cli/init.ts";
import { configFromSettings } from "../../../src/config/direct.ts";
import { anyMachine, fixture, parse } from "../config/parsing.ts";

let root = "";
let file = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sersync-check-"));
  file = join(root, "full.xml");
  writeFileSync(file, fixture("full.xml"));
});
afterAll(() => rmSync(root, { recursive: true }));

describe("check", () => {
  test("says in words what will happen", () => {
    const { text, exitCode } = runCheck({ files: [file], json: false, surroundings: anyMachine });
    expect(exitCode).toBe(0);
    expect(text).toContain(": in order. What will happen:");
    expect(text).toContain("/srv/photos is watched and mirrored to");
    expect(text).toContain(
      "rsync://[2001:db8::7]:8730/backup/photos/2026, as mirror, password from /etc/mirror.pass, 90 s timeout",
    );
    expect(text).toContain("regex ^cache/*");
    expect(text).toContain("Every 120 minutes everything is compared again, without *.bak.");
  });

  test("reports every mistake of every file, and exits 1", () => {
    const broken = join(root, "broken.xml");
    writeFileSync(broken, fixture("full.xml").replace('"8730"', '"x"').replace('"90"', '"y"'));
    const { text, exitCode } = runCheck({
      files: [file, broken],
      json: false,
      surroundings: anyMachine,
    });
    expect(exitCode).toBe(1);
    expect(text).toContain(`${broken}:32:43: userDefinedPort port: found "x"`);
    expect(text).toContain(`${broken}: 2 mistakes; sersync does not start with this file`);
  });

  test("says what would happen elsewhere when only this machine lacks what is named", () => {
    const surroundings = { ...anyMachine, watchProblem: () => "it does not exist" };
    const { text, exitCode } = runCheck({ files: [file], json: false, surroundings });
    expect(exitCode).toBe(1);
    expect(text).toContain("cannot be watched: it does not exist");
    expect(text).toContain("nothing else is wrong. What would happen:");
    expect(text).toContain("/srv/photos is watched and mirrored to");
    const [answer] = JSON.parse(runCheck({ files: [file], json: true, surroundings }).text);
    expect(answer).toMatchObject({ ok: false, config: { port: 8730 } });
    expect(answer.mistakes).not.toEqual([]);
  });

  test("answers programs as JSON, without secrets", () => {
    const cdn = join(root, "cdn.xml");
    writeFileSync(cdn, fixture("full.xml").replace('name="command"/>', 'name="refreshCDN"/>'));
    const { text } = runCheck({ files: [cdn], json: true, surroundings: anyMachine });
    const [answer] = JSON.parse(text) as { ok: boolean; config: { plugins: unknown } }[];
    expect(answer).toMatchObject({ ok: true, config: { port: 8730, plugin: "refreshCDN" } });
    expect(answer?.config.plugins).toMatchObject({
      refreshCDN: { chinaCache: { user: "me", password: "(hidden)" } },
    });
    expect(text).not.toContain("secret-word");
  });
});

describe("check says of a plugin", () => {
  const said = (name: string, different: (text: string) => string = (text) => text) => {
    const file = join(root, `${name}.xml`);
    const text = fixture("full.xml")
      .replace('name="command"/>', `name="${name}"/>`)
      .replace(/ {4}<localpath watch="\/srv\/notes">[\s\S]*?<\/localpath>\n/, "");
    writeFileSync(file, different(text));
    return runCheck({ files: [file], json: false, surroundings: anyMachine }).text;
  };

  test("which command runs, for what, and how often", () => {
    const text = said("command");
    expect(text).toContain(
      "the plugin command runs (without a shell): /usr/bin/logger -t mirror PATH; what it prints and its exit code are ignored.",
    );
    expect(text).toContain("only for absolute paths that match (.*)\\.jpg whole");
    expect(text).toContain("not for paths that a target refuses");
    expect(text).toContain(
      "2 at a time, ended after 30 s, tried again up to 1 times; at most 500 changes wait",
    );
  });

  test.each([
    ["socket", "sends the path, on a connection for each change to 192.0.2.30:8009."],
    ["http", "posts each change (as JSON) to https://hooks.example/changes."],
    ["module", "is told of it: /etc/sersync/plugin.mjs."],
    [
      "refreshCDN",
      "asks ChinaCache at cdn.example:80 to refresh http://pictures.example/ and what photos(/[a-z0-9]*) finds.",
    ],
  ])("whom %s tells", (name, words) => {
    const text = said(name);
    expect(text).toContain(`the plugin ${name} ${words}`);
    expect(text).not.toContain("secret-word");
  });

  test("no key that was written into an address or a header", () => {
    const withKeys = (text: string) =>
      text
        .replace("/changes", "/changes?key=k3y-1")
        .replace("<header", '<header name="X-Key" value="k3y-2"/><header');
    expect(said("http", withKeys)).toContain("to https://hooks.example/changes?….");
    const file = join(root, "http.xml");
    const json = runCheck({ files: [file], json: true, surroundings: anyMachine }).text;
    expect(`${said("http", withKeys)}${json}`).not.toContain("k3y");
    expect(json).toContain("Bearer {secret}");
  });
});

describe("explain", () => {
  function explain(path: string) {
    return runExplain({ files: [file], path, surroundings: anyMachine });
  }

  test("names the rule and the directory it holds for", () => {
    expect(explain("/srv/photos/cache/a/b.jpg").text).toBe(
      [
        "cache/a/b.jpg (file in /srv/photos):",
        "  events, scans and full pushes: left out by filter expression ^cache/*, which excludes cache/",
        "  deletes: left out by filter expression ^cache/*, which excludes cache/",
        "  crontab: left out by filter expression ^cache/*, which excludes cache/",
        "",
      ].join("\n"),
    );
  });

  test("a relative path is looked at in every watched directory", () => {
    const { text } = explain("x.bak");
    expect(text).toContain("x.bak (file in /srv/photos)");
    expect(text).toContain("x.bak (file in /srv/notes)");
    expect(text).toContain("events, scans and full pushes: sent; no rule excludes it");
    expect(text).toContain("crontab: left out by crontabfilter pattern *.bak");
  });

  test("a path elsewhere is said to be elsewhere", () => {
    expect(explain("/etc/passwd")).toEqual({
      text: "/etc/passwd is in none of the watched directories\n",
      exitCode: 1,
    });
  });
});

test("diff ends with rsync's exit code where it cannot ask the daemon", async () => {
  const file = join(root, "diff.xml");
  const remote = '<remote ip="127.0.0.1" name="m" port="1"/>';
  writeFileSync(
    file,
    `<head><sersync><localpath watch="${root}">${remote}</localpath></sersync></head>`,
  );
  expect(await runDiff({ files: [file], json: false })).toEqual({
    text: expect.stringContaining("connection refused"),
    exitCode: 10,
  });
});

describe("settings without a file", () => {
  const settings = {
    source: `/srv/it's <here> & "there" \${HOME}`,
    targets: [
      { host: "::1", port: 8730, name: "m/d", user: "anna" },
      { host: "h", name: "m" },
    ],
    excludes: ["it's.o", "*.tmp"],
    deletes: false,
    passwordFile: "/p",
    timeoutSeconds: 7,
    reconcileMinutes: 30,
  };

  test("mean the same as the file init writes from them", () => {
    const { config, notes } = configFromSettings(settings, anyMachine);
    expect(config).toMatchObject({
      sources: [
        {
          watch: settings.source,
          remotes: [
            { host: "::1", port: 8730, module: "m", subPath: "d", user: "anna" },
            { host: "h", port: 873, module: "m", subPath: "" },
          ],
        },
      ],
      events: { delete: false, attrib: true },
      filter: { patterns: settings.excludes.map((pattern) => ({ include: false, pattern })) },
      auth: { user: "anna", passwordFile: "/p" },
      timeoutSeconds: 7,
      crontab: { everyMinutes: 30 },
    });
    expect(notes).toEqual([]);
  });

  test("are refused without places", () => {
    const wrong = { source: "/srv/x", targets: [{ host: "h", name: "" }], params: "--nonsense" };
    const refused = () => {
      try {
        return configFromSettings(wrong, anyMachine);
      } catch (error) {
        return error instanceof RsyncError ? error.message.split("\n") : error;
      }
    };
    expect(refused()).toEqual([
      'remote name: found ""; the name of an rsync module is needed',
      "commonParams params: --nonsense: rsync has no such option",
    ]);
  });

  test("init never writes over a file", async () => {
    const output = join(root, "new.xml");
    const question = { kind: "init", settings, output } as const;
    const nobody = { question: async () => "" };
    expect(await runInit(question, nobody)).toMatchObject({ exitCode: 0 });
    const written = readFileSync(output, "utf8");
    expect(await runInit(question, nobody)).toEqual({
      text: `cannot write ${output}: it exists already\n`,
      exitCode: 1,
    });
    expect(readFileSync(output, "utf8")).toBe(written);
  });

  test("init refuses an answer that is no address", async () => {
    const question = { kind: "init", settings: { source: "/srv" }, output: undefined } as const;
    const answered = await runInit(question, { question: async () => "over there" });
    expect(answered).toMatchObject({ exitCode: 1, text: expect.stringContaining('"over there"') });
  });

  test("init asks for what is missing, and writes a file that loads without a word", async () => {
    const data = join(root, "data");
    mkdirSync(data);
    const answers = [data, "rsync://anna@mirror.example/photos", ""];
    const questions: string[] = [];
    const question = async (asked: string) => {
      questions.push(asked);
      return answers.shift() ?? "";
    };
    const text = await writeInitial({}, { question });
    expect(questions).toHaveLength(3);
    const { config } = parse(text);
    expect(config.sources[0]?.watch).toBe(data);
    expect(config.sources[0]?.remotes[0]).toMatchObject({ host: "mirror.example", user: "anna" });
  });
});
