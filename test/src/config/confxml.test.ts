import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { maxSourceBytes } from "../../../src/config/source.ts";
import { fixture, mistakesOf, notesOf, parse } from "./parsing.ts";

const full = fixture("full.xml");

/** The full file with one piece replaced; the piece has to be there. */
function changed(from: string, to: string): string {
  expect(full).toContain(from);
  return full.replace(from, to);
}

test("reads every element of a full file", () => {
  const { config } = parse(full);
  expect(config).toMatchObject({
    debug: true,
    host: { ip: "192.0.2.10", port: 8008 },
    events: { attrib: true, modify: true, createFile: true },
    filter: { expressions: ["(.*)\\.part", "^cache/*"], builtin: true },
    params: { recursive: true, links: true, times: true, compress: true, delete: true },
    auth: { user: "mirror", passwordFile: "/etc/mirror.pass" },
    port: 8730,
    timeoutSeconds: 90,
    ssh: false,
    failLog: { path: "/var/log/mirror-fail.log", retryMinutes: 15 },
    crontab: { everyMinutes: 120, excludes: ["*.bak"] },
    plugin: "command",
  });
  expect(config.filter.patterns).toEqual([{ include: false, pattern: "*.o" }]);
  expect(config.plugins.command).toEqual({
    prefix: ["/usr/bin/logger", "-t", "mirror"],
    suffix: [],
    ignoreError: true,
    include: ["(.*)\\.jpg"],
    onlySuccess: true,
    limits: { timeoutSeconds: 30, concurrency: 2, retries: 1, queue: 500 },
  });
});

test("reads several directories with several remotes each", () => {
  const { config } = parse(full);
  expect(config.sources).toEqual([
    {
      watch: "/srv/photos",
      remotes: [
        { host: "192.0.2.20", port: 8730, module: "photos", subPath: "", name: "photos" },
        {
          host: "2001:db8::7",
          port: 8730,
          module: "backup",
          subPath: "photos/2026",
          name: "backup/photos/2026/",
        },
      ],
    },
    {
      watch: "/srv/notes",
      remotes: [
        { host: "mirror.example", port: 8730, module: "notes", subPath: "", name: "notes" },
      ],
    },
  ]);
});

test("survives being handed to a worker thread", () => {
  const { config } = parse(full);
  expect(structuredClone(config)).toEqual(config);
});

test("tolerates what sersync tolerated, and says so", () => {
  const { config, notes } = parse(fixture("remarks.xml"));
  expect(config).toMatchObject({
    debug: true,
    host: { ip: "localhost" },
    events: { closeWrite: true, delete: false },
    sources: [{ watch: "/srv/site", remotes: [{ host: "192.0.2.20", module: "site" }] }],
  });
  const said = notes.map(({ text }) => text).join("\n");
  expect(said).toContain("text between elements is ignored");
  expect(said).toContain("<somethingElse> is not known in <HEAD> and is ignored");
  expect(said).toContain('<createFile> is absent in <inotify>; start="false" is assumed');
});

test("nothing behind the first </head> counts", () => {
  const text = `${full}</head>\n<head><!-- never closed`;
  expect(parse(text).config.sources).toEqual(parse(full).config.sources);
  expect(notesOf(text)).toContain("what stands behind </head> is ignored");
});

test("keeps the bytes of a GBK path under any encoding word", () => {
  const gbk = Buffer.from([0x2f, 0xd5, 0xd5, 0xc6, 0xac]);
  const [before = "", after = ""] = full.split("/srv/notes");
  const bytes = Buffer.concat([Buffer.from(before), gbk, Buffer.from(after)]);
  expect(parse(bytes).config.sources[1]?.watch).toBe(gbk.toString("latin1"));
});

test("takes values without quotes, and notes them", () => {
  const text = changed('<delete start="true"', "<delete start=true");
  expect(parse(text).config).toEqual(parse(full).config);
  expect(notesOf(text)).toContainEqual(expect.stringContaining("start: the value stands without"));
  expect(notesOf(full).join()).not.toContain("without quotes");
});

test("does not cut a path that ends in the byte A0", () => {
  const { config } = parse(changed("/srv/notes", "/srv/à"));
  expect(config.sources[1]?.watch).toBe("/srv/\xc3\xa0");
});

test("takes a byte order mark and CRLF line ends", () => {
  const text = `\ufeff${full.replaceAll("\n", "\r\n")}`;
  expect(parse(text).config.sources).toEqual(parse(full).config.sources);
});

test("fills in variables from the environment", () => {
  const text = changed(
    'ip="192.0.2.20" name="photos"',
    `ip="\${TARGET}" name="\${MODULE:-photos}"`,
  );
  const variables = (name: string) => (name === "TARGET" ? "büro.example" : undefined);
  expect(parse(text, { variables }).config.sources[0]?.remotes[0]).toMatchObject({
    host: Buffer.from("büro.example").toString("latin1"),
    module: "photos",
  });
});

test("says which variable is not set", () => {
  const text = changed('ip="192.0.2.20"', `ip="\${TARGET}"`);
  expect(mistakesOf(text)).toEqual([
    {
      line: 23,
      column: 19,
      text: `remote ip: found \${TARGET}, but the environment has no TARGET`,
    },
  ]);
});

test("reports every mistake at once, in the order of the file", () => {
  const text = full
    .replace('<delete start="true"/>', '<delete start="ture"/>')
    .replace("<moveTo ", "<moveto2 ")
    .replace('port="8730"', 'port="87300"')
    .replace("<timeout start", "<timeout strat");
  expect(mistakesOf(text).map(({ line, text: said }) => `${line}: ${said}`)).toEqual([
    '12: delete start: found "ture"; allowed are "true" and "false"; did you mean "true"?',
    "17: <moveto2> is not known in <inotify>; did you mean <moveTo>?",
    '32: userDefinedPort port: found "87300"; allowed is a number from 1 to 65535',
    '33: timeout strat: the attribute is not known here; did you mean "start"?',
  ]);
});

describe("values", () => {
  test.each([
    ["TRUE", true],
    [" true ", true],
    ["False", false],
  ])("a switch may be %j", (word, on) => {
    expect(parse(changed('<debug start="true"', `<debug start="${word}"`)).config.debug).toBe(on);
  });

  test.each([
    ["1", true],
    ["yes", true],
    ["0", false],
    ["no", false],
  ])("a switch may be %j, with a warning", (word, on) => {
    const text = changed('<debug start="true"', `<debug start="${word}"`);
    expect(parse(text).config.debug).toBe(on);
    expect(notesOf(text)).toContainEqual(expect.stringContaining(`debug start: found "${word}"`));
  });

  test("a schedule of 0 is 600 minutes, as in sersync", () => {
    const text = changed('schedule="120"', 'schedule="0"');
    expect(parse(text).config.crontab?.everyMinutes).toBe(600);
    expect(notesOf(text)).toContainEqual(expect.stringContaining("crontab schedule"));
  });

  test("-u is warned of", () => {
    expect(notesOf(changed("-rltz", "-rltuz"))).toContainEqual(
      expect.stringContaining("-u keeps a file that is newer"),
    );
  });

  test.each(["a/c", "/info/*", "[^/]*/x"])(
    "a regex that matches no path is warned of: %s",
    (text) => {
      expect(notesOf(changed("^cache/*", text))).toContainEqual(
        expect.stringContaining("matches no path"),
      );
    },
  );

  test.each(["(.*)", "/a/b", "x/", "[^/]*", "^(?!a).*"])(
    "a regex that matches some path is not: %s",
    (text) => {
      expect(notesOf(changed("^cache/*", text)).join()).not.toContain("matches no path");
    },
  );

  test("a cron expression may stand beside the minutes", () => {
    const text = changed('schedule="120"', 'schedule="120" cron="30 4 * * 1-5"');
    expect(parse(text).config.crontab).toMatchObject({ cron: "30 4 * * 1-5" });
    expect(mistakesOf(text.replace("30 4", "30"))[0]?.text).toContain("allowed are five fields");
  });

  test("a user in front of the host is its own", () => {
    const { config } = parse(changed('ip="192.0.2.20"', 'ip="anna@192.0.2.20"'));
    expect(config.sources[0]?.remotes[0]).toMatchObject({ user: "anna", host: "192.0.2.20" });
  });

  test("a remote may have a port of its own", () => {
    const { config } = parse(changed('name="notes"', 'name="notes" port="8739"'));
    expect(config.sources.map(({ remotes }) => remotes.map(({ port }) => port))).toEqual([
      [8730, 8730],
      [8739],
    ]);
  });

  test("over ssh the name is a path, and port 22 the default", () => {
    const text = full
      .replace('<ssh start="false"/>', '<ssh start="true"/>')
      .replace('<userDefinedPort start="true"', '<userDefinedPort start="false"')
      .replaceAll(/name="(photos|notes|backup\/photos\/2026\/)"/g, 'name="/data/$1"');
    const { config } = parse(text);
    expect(config).toMatchObject({ ssh: true, auth: { user: "mirror" } });
    expect(config.sources[0]?.remotes[0]).toMatchObject({ name: "/data/photos", port: 22 });
  });
});

describe("mistakes", () => {
  test.each([
    ["no event at all", / start="true"\/>/g, ' start="false"/>', "every event is switched off"],
    ["a wildcard among regexes", "(.*)\\.part", "*.part", "write (.*)\\.part"],
    ["a regex that does not compile", "(.*)\\.part", "(.*\\.part", "a ( without its )"],
    ["an unknown rsync option", "--delete", "--delet", "did you mean --delete?"],
    ["an option we do not have", "--delete", "--link-dest=/x", "--link-dest is not available"],
    [
      "a mirror that changes nothing",
      "--delete",
      "-n",
      "-n (--dry-run): a mirror does what it says",
    ],
    ["a shell in commonParams", "--delete", "; reboot", "; is for a shell, and no shell is run"],
    ["no remote", / {6}<remote ip="mirror[^>]*>\n/, "", "nowhere to mirror to"],
    ["an empty directory name", "/srv/notes", "", "localpath watch"],
    ["the same directory twice", "/srv/notes", "/srv/photos//", "stands twice"],
    ["a path as module", 'name="notes"', 'name="/notes"', "a path is only for ssh"],
    ["a way out of the module", 'name="notes"', 'name="notes/../x"', "leads out of the module"],
    ["an empty host", 'ip="192.0.2.20"', 'ip=""', "a host name or address is needed"],
    ["an unknown plugin", 'name="command"/>', 'name="comand"/>', "did you mean command?"],
    [
      "a missing plugin section",
      '<plugin name="command" only',
      '<plugin name="x" only',
      "is missing in",
    ],
    ["an attribute twice", 'port="8730"', 'port="8730" port="8731"', "stands twice"],
    ["a block in the wrong place", "</rsync>", "", "<rsync> is not closed before </sersync>"],
    ["a bare &", "mirror.example", "a&b", "a bare &"],
  ])("%s", (_name, from, to, said) => {
    const text = full.replace(from, to);
    expect(text).not.toBe(full);
    const mistakes = mistakesOf(text);
    expect(mistakes.map((mistake) => mistake.text).join("\n")).toContain(said);
    for (const { line } of mistakes) expect(line).toBeGreaterThan(1);
  });

  test("a block without <sersync> around it is said to belong there", () => {
    const text = full
      .replace(/ {4}<failLog.*\n/, "")
      .replace("</head>", '<failLog path="/x"/></head>');
    expect(mistakesOf(text)[0]?.text).toBe(
      "<failLog> is not known in <head>; it belongs into <head><sersync>",
    );
  });

  test("a directory that cannot be watched", () => {
    const watchProblem = (path: string) =>
      path === "/srv/notes" ? "it does not exist" : undefined;
    expect(mistakesOf(full, { watchProblem })).toEqual([
      {
        line: 26,
        column: 23,
        text: 'localpath watch: found "/srv/notes", which cannot be watched: it does not exist',
      },
    ]);
  });

  test("no message ever holds a secret", () => {
    const text = changed('passwd="secret-word"', 'passwd="secret-word&" passwrd="secret-word"');
    const spoilt = changed('username="me"', 'username="me');
    for (const damaged of [text, spoilt]) {
      const said = mistakesOf(damaged, { pluginAlone: "refreshCDN" }).map((each) => each.text);
      expect(said.join("\n")).not.toContain("secret");
    }
  });
});

describe("damage", () => {
  test.each([
    [
      "an element closed too early",
      "</localpath>\n    <rsync>",
      "</localpath></sersync>\n<rsync>",
      "</sersync> closes nothing: line 28 has a </sersync> already, probably too early",
    ],
    ["a closing tag without </", "    </rsync>", "    rsync>", "rsync> has lost its </"],
    ["a missing closing tag", "</head>", "", "<head> is never closed"],
    [
      "a comment without end",
      "<fileSystem",
      "<!-- x\n  <fileSystem",
      "this comment is never closed",
    ],
    ["a glued attribute", '<auth start="true"', '<authstart="true"', "write <auth start="],
    ["a forgotten quote", 'watch="/srv/notes"', 'watch="/srv/notes', "the quote that opens here"],
    ["a quote forgotten within a tag", 'users="mirror"', 'users="mirror', "a quote is missing"],
    ["a tag without >", '<debug start="true"/>', '<debug start="true"', "<debug"],
    ["a stray <", "<inotify>", "< <inotify>", "a < that begins no element"],
    ["another root", /head/g, "haed", "the first element must be <head>"],
  ])("%s is named", (_name, from, to, said) => {
    const text = full.replace(from, to);
    expect(text).not.toBe(full);
    expect(
      mistakesOf(text)
        .map((mistake) => mistake.text)
        .join("\n"),
    ).toContain(said);
  });

  test("a comment that runs into the next one and hides an element", () => {
    const text = changed("<timeout", "<!-- port <timeout").replace("<ssh", "<!-- x --><ssh");
    expect(mistakesOf(text)[0]?.text).toContain("hides <timeout>");
  });

  test.each([
    ["nothing", "", "the file is empty"],
    ["UTF-16", Buffer.from("\ufeff<head/>", "utf16le"), "save it as UTF-8"],
    ["UTF-16 without a mark", Buffer.from("<head/>", "utf16le"), "save it as UTF-8"],
    ["a file of NUL bytes", Buffer.alloc(4_096), "it is not text"],
    ["an entity bomb", `<!DOCTYPE x [<!ENTITY a "b">]>${full}`, "DOCTYPE"],
    ["too much", " ".repeat(maxSourceBytes + 1), "a configuration may have"],
    ["deep nesting", "<head>".repeat(9_000), "is never closed"],
    ["a name from Object.prototype", "<head><constructor/></head>", "cannot read this as XML"],
  ])("%s is refused at once", (_name, text, said) => {
    const started = performance.now();
    expect(mistakesOf(text)[0]?.text).toContain(said);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

// Files people really use; they lie beside the repository, where there are any.
const corpus = new URL("../../../../shared/confxml/", import.meta.url);
const damaged: Readonly<Record<string, string>> = {
  "02-seed-blog-damaged.xml": "has lost its </",
  "10-hash-comments-unterminated-comment.xml": "hides <timeout>",
  "13-fragment-missing-spaces.xml": "write <auth start=",
};

describe.skipIf(!existsSync(corpus))("files as people have them", () => {
  const names = existsSync(corpus) ? readdirSync(corpus) : [];
  const sound = names.filter((name) => name.endsWith(".xml") && !Object.hasOwn(damaged, name));

  test.each(sound)("%s runs", (name) => {
    const { config } = parse(readFileSync(new URL(name, corpus)));
    expect(config.sources[0]?.remotes.length).toBeGreaterThan(0);
  });

  test.each(Object.entries(damaged))("%s has its damage named", (name, said) => {
    const mistakes = mistakesOf(readFileSync(new URL(name, corpus)));
    expect(mistakes.map(({ text }) => text).join("\n")).toContain(said);
  });
});

test("an element that is absent is noted once, however many settings it has", () => {
  const { notes } = parse(full.replace(/<inotify>[\s\S]*<\/inotify>/, ""));
  expect(notes.filter(({ text }) => text.startsWith("<inotify> is absent"))).toHaveLength(1);
});
