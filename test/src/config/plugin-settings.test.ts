import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type PluginName, pluginNames } from "../../../src/config/schema.ts";
import { fixture, mistakesOf, notesOf, parse } from "./parsing.ts";

const full = fixture("full.xml");

/** The full file with one piece replaced; the piece has to be there. */
function changed(from: string, to: string): string {
  expect(full).toContain(from);
  return full.replace(from, to);
}

test("a plugin without its section is said where it is asked for", () => {
  const text = changed('<plugin name="command" only', '<plugin name="x" only');
  expect(mistakesOf(text)).toEqual([
    { line: 42, column: 5, text: '<plugin name="command"> is missing in <head>' },
  ]);
});

describe("a plugin's own directory", () => {
  const one = full.replace(/ {4}<localpath watch="\/srv\/notes">[\s\S]*?<\/localpath>\n/, "");
  const socket = (text: string) => text.replace('name="command"/>', 'name="socket"/>');

  test("is watched and pushed instead of the only source, with a warning, as in sersync", () => {
    const text = socket(one).replace('watch="/srv/photos/"', 'watch="/srv/other"');
    const { config, notes } = parse(text);
    expect(config.sources.map(({ watch, remotes }) => [watch, remotes.length])).toEqual([
      ["/srv/photos", 2],
    ]);
    expect(notes.map((note) => note.text)).toContainEqual(
      expect.stringContaining('"/srv/photos" is watched and pushed instead of "/srv/other"'),
    );
  });

  test("need not be the source's: that one may be missing on this machine", () => {
    const text = socket(one).replace('watch="/srv/photos/"', 'watch="/opt/tongbu"');
    const watchProblem = (path: string) =>
      path === "/srv/photos" ? undefined : "it does not exist";
    expect(parse(text, { watchProblem }).config.sources[0]?.watch).toBe("/srv/photos");
  });

  test("must be one of several sources, or none of them is its own", () => {
    expect(parse(socket(full)).config.sources.map(({ watch }) => watch)).toEqual([
      "/srv/photos",
      "/srv/notes",
    ]);
    const elsewhere = socket(full).replace(
      '<localpath watch="/srv/photos">',
      '<localpath watch="/x">',
    );
    expect(mistakesOf(elsewhere)[0]?.text).toContain('directory "/x" is none of those');
  });
});

describe("plugin sections", () => {
  const cdn = (purge: string) =>
    full
      .replace('name="command"/>', 'name="refreshCDN"/>')
      .replace('<sendurl base="http', `${purge}<sendurl base="http`);

  test("a purge of any network takes the place of ChinaCache", () => {
    const purge =
      '<purge method="POST" url="https://api.example/purge?url={url}" body="{}" secretfile="/s">' +
      '<header name="X-Key" value="{secret}"/></purge>';
    const { refreshCDN } = parse(cdn(purge)).config.plugins;
    expect(refreshCDN).toMatchObject({
      base: "http://pictures.example/",
      purge: {
        method: "POST",
        url: "https://api.example/purge?url={url}",
        body: "{}",
        headers: { "X-Key": "{secret}" },
        secretFile: "/s",
      },
    });
    expect(refreshCDN).not.toHaveProperty("chinaCache");
  });

  test.each([
    ['<purge method="purge" url="https://h/"/>', "purge method: found"],
    ['<purge method="TRACE" url="https://h/"/>', "purge method: found"],
    ['<purge method="GET" url="https://h/" body="x"/>', "a GET request has none"],
    ['<purge url="ftp://h/"/>', "ftp: is not possible"],
    ['<purge url="h/{path}"/>', "it is no address"],
    ['<purge url="https://me:secret@h/"/>', "a password does not belong into it"],
    ['<purge url="https://h/"><header name="a b" value=""/></purge>', "it is no HTTP header"],
    [
      '<purge url="https://h/"><header name="a" value="{secret}"/></purge>',
      "there is no secretfile",
    ],
  ])("%s is refused", (purge, said) => {
    const texts = mistakesOf(cdn(purge)).map((mistake) => mistake.text);
    expect(texts.join("\n")).toContain(said);
    expect(texts.join("\n")).not.toContain("secret@");
  });

  test("a regexurl that could stall the program is refused", () => {
    const text = cdn("").replace("photos(/[a-z0-9]*)", "photos(/[a-z0-9]*)*x");
    expect(mistakesOf(text)[0]?.text).toContain("a repetition inside a repetition");
  });

  test("a secret that others can read, and a module that is not there, are mistakes", () => {
    const passwordProblem = (path: string) =>
      path === "/etc/hook.secret" ? "mode 644" : undefined;
    expect(mistakesOf(full, { passwordProblem, pluginAlone: "http" })[0]?.text).toBe(
      'deshost secretfile: found "/etc/hook.secret"; mode 644',
    );
    const fileProblem = () => "it does not exist";
    expect(mistakesOf(full, { fileProblem, pluginAlone: "module" })[0]?.text).toBe(
      'module path: found "/etc/sersync/plugin.mjs"; it does not exist',
    );
  });

  test.each([
    ["/bin/sh", '"/bin/sh" runs every changed file as a script'],
    ["", "every changed file itself is run as a program"],
  ])("a prefix of %j is warned of", (prefix, said) => {
    const text = changed('prefix="/usr/bin/logger -t mirror"', `prefix="${prefix}"`);
    expect(notesOf(text)).toContainEqual(expect.stringContaining(said));
  });
});

test("a plugin that runs alone needs no remote", () => {
  const text = full.replaceAll(/<remote [^>]*>/g, "");
  expect(parse(text, { pluginAlone: "socket" }).config.plugins.socket).toMatchObject({
    watch: "/srv/photos",
    host: "192.0.2.30",
    port: 8009,
    format: "path",
  });
});

test.each(pluginNames)("the example of %s is accepted", (name) => {
  const example = readFileSync(
    new URL("../../../examples/confxml-plugins.xml", import.meta.url),
    "utf8",
  );
  const { config, notes } = parse(example, { pluginAlone: name });
  expect(config.plugins[name]).toBeDefined();
  expect(notes.filter(({ severity }) => severity === "warning")).toEqual([]);
});

// Files people really use; they lie beside the repository, where there are any.
const corpus = new URL("../../../../shared/confxml/", import.meta.url);
const damaged = /^(02|10|13)-/;

/** The sections that stand in a file, outside its comments. */
function sectionsOf(text: string): PluginName[] {
  const bare = text.replaceAll(/<!--[\s\S]*?-->/g, "");
  return pluginNames.filter((name) => new RegExp(`<plugin name="${name}">`).test(bare));
}

describe.skipIf(!existsSync(corpus))("the plugins of files as people have them", () => {
  const names = existsSync(corpus) ? readdirSync(corpus) : [];
  const rows = names
    .filter((name) => name.endsWith(".xml") && !damaged.test(name))
    .map((name) => ({ name, text: readFileSync(new URL(name, corpus), "latin1") }))
    .flatMap(({ name, text }) => sectionsOf(text).map((plugin) => ({ name, text, plugin })));

  test.each(rows)(
    "$plugin of $name is accepted, alone and after deliveries",
    ({ text, plugin }) => {
      const bytes = Buffer.from(text, "latin1");
      const { config } = parse(bytes, { pluginAlone: plugin });
      expect(config.plugins[plugin]).toBeDefined();
      expect(config.sources.map(({ remotes }) => remotes)).toEqual([[]]);
      const started = text.replace(
        /<plugin start="\w+" name="\w+"/,
        `<plugin start="true" name="${plugin}"`,
      );
      expect(parse(Buffer.from(started, "latin1")).config.plugin).toBe(plugin);
    },
  );

  test("there are some", () => {
    expect(new Set(rows.map(({ plugin }) => plugin))).toEqual(
      new Set(["command", "socket", "refreshCDN"]),
    );
  });
});
