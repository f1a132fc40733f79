import { expect, test } from "vitest";
import { ConfigError } from "../../../src/config/mistake.ts";
import { type PluginName, pluginNames } from "../../../src/config/schema.ts";
import { additions, type ElementRule, headRule } from "../../../src/config/vocabulary.ts";
import { fixture, mistakesOf, notesOf, outcome } from "./parsing.ts";

const full = fixture("full.xml");

/** Every row of the vocabulary: element, attribute, and what kind of value it takes. */
function rows(rule: ElementRule, name: string): [string, string, string, string | undefined][] {
  return [
    ...Object.entries(rule.attributes).map(
      ([attribute, { kind, fallback }]): [string, string, string, string | undefined] => [
        name,
        attribute,
        kind,
        fallback,
      ],
    ),
    ...Object.entries(rule.children).flatMap(([child, childRule]) => rows(childRule, child)),
  ];
}

/** Those the full file has, once each: the first element that has the attribute. */
const present = rows(headRule, "head").filter(
  ([element, attribute], index, all) =>
    pattern(element, attribute).test(full) &&
    all.findIndex(([e, a]) => e === element && a === attribute) === index,
);
const read = present.filter(([element]) => element !== "head");
/** Sections are read when their plugin is used; the full file uses command. */
const plugins: Readonly<Record<string, PluginName>> = {
  "deshost ip": "socket",
  "deshost port": "socket",
  deshost: "http",
  header: "http",
  cdninfo: "refreshCDN",
  sendurl: "refreshCDN",
  regexurl: "refreshCDN",
  module: "module",
  setting: "module",
};
const needed = [
  ["exclude", "expression"],
  ["localpath", "watch"],
  ["remote", "ip"],
  ["remote", "name"],
  ["include", "expression"],
  ["header", "name"],
  ["header", "value"],
  ["setting", "name"],
  ["setting", "value"],
  ["module", "path"],
].map((pair) => pair.join(" "));

function pattern(element: string, attribute: string): RegExp {
  return new RegExp(`(<${element}\\b[^>]*?) ${attribute}="([^"]*)"`);
}

function spoil(element: string, attribute: string, replacement: string): string {
  return full.replace(pattern(element, attribute), `$1${replacement}`);
}

function using(element: string, attribute: string): { readonly pluginAlone?: PluginName } {
  const pluginAlone = plugins[`${element} ${attribute}`] ?? plugins[element];
  return pluginAlone === undefined ? {} : { pluginAlone };
}

test("the full file has every row of the vocabulary but a few of our additions", () => {
  const all = new Set(
    rows(headRule, "head").map(([element, attribute]) => `${element} ${attribute}`),
  );
  for (const [element, attribute] of present) all.delete(`${element} ${attribute}`);
  expect([...all]).toEqual([
    "delete guard",
    "delete guardFrom",
    "remote port",
    "crontab cron",
    ...["method", "url", "body", "secretfile"].map((attribute) => `purge ${attribute}`),
  ]);
});

test.each(read)("%s %s, misspelt, is a mistake with the right word", (element, attribute) => {
  const misspelt = `${attribute.slice(0, -1)}z`;
  const text = spoil(element, attribute, ` ${misspelt}="$2"`);
  const mistakes = mistakesOf(text, using(element, attribute));
  expect(mistakes.map((mistake) => mistake.text).join("\n")).toContain(
    `did you mean "${attribute}"?`,
  );
});

test.each(read.filter(([element, attribute]) => !additions.has(`${element} ${attribute}`)))(
  "%s %s, absent, is its default with a note, or said to be missing",
  (element, attribute) => {
    const options = using(element, attribute);
    const text = spoil(element, attribute, "");
    const result = outcome(text, options);
    const said = result instanceof ConfigError ? result.mistakes : result.notes;
    expect(result instanceof ConfigError).toBe(
      needed.includes(`${element} ${attribute}`) || cannotDoWithout.test(`${element} ${attribute}`),
    );
    expect(said.map((each) => each.text).join("\n")).toMatch(
      new RegExp(`${element}\\b.*\\b${attribute} (is absent|is missing|is needed)`),
    );
  },
);

/** What has a default that no plugin can work with. */
const cannotDoWithout =
  /^(deshost ip|cdninfo (domainname|username|passwd)|sendurl base|regexurl match)$/;

test.each(read.filter(([element, attribute]) => additions.has(`${element} ${attribute}`)))(
  "%s %s, absent, is as in sersync's own files, or needed",
  (element, attribute) => {
    const options = using(element, attribute);
    const result = outcome(spoil(element, attribute, ""), options);
    const said = result instanceof ConfigError ? [] : result.notes.map((note) => note.text);
    const isNeeded = /^deshost (url|secretfile)$/.test(`${element} ${attribute}`);
    expect(result instanceof ConfigError).toBe(isNeeded);
    expect(said).toEqual(isNeeded ? [] : notesOf(full, options));
  },
);

test.each(read.filter(([, , kind]) => kind === "switch"))(
  "%s %s takes true or false and nothing else",
  (element, attribute) => {
    for (const word of ["ture", "maybe", "", "2"]) {
      const text = spoil(element, attribute, ` ${attribute}="${word}"`);
      expect(mistakesOf(text, using(element, attribute))[0]?.text).toContain(
        `${element} ${attribute}: found "${word}"; allowed are "true" and "false"`,
      );
    }
  },
);

test.each(read.filter(([, , kind]) => ["port", "seconds", "minutes", "count"].includes(kind)))(
  "%s %s takes a number within its limits",
  (element, attribute) => {
    for (const word of ["abc", "1e3", "99999999999", "5.5"]) {
      const text = spoil(element, attribute, ` ${attribute}="${word}"`);
      expect(mistakesOf(text, using(element, attribute))[0]?.text).toContain(
        `${element} ${attribute}: found "${word}"; allowed is a number`,
      );
    }
  },
);

// What sersync accepted as empty stays accepted; the rest is said.
const whenEmpty: Readonly<Record<string, "mistake" | "said" | "fine">> = {
  "host hostip": "fine",
  "exclude expression": "said",
  "localpath watch": "mistake",
  "remote ip": "mistake",
  "remote name": "mistake",
  "commonParams params": "fine",
  "auth users": "said",
  "auth passwordfile": "said",
  "failLog path": "mistake",
  "failLog timeToExecute": "said",
  "crontab schedule": "said",
  "plugin name": "mistake",
  "plugin timeout": "fine",
  "plugin concurrency": "fine",
  "plugin retries": "fine",
  "plugin queue": "fine",
  "deshost format": "fine",
  "header value": "said",
  "module secretfile": "fine",
  "setting name": "fine",
  "setting value": "fine",
  "param prefix": "said",
  "param suffix": "fine",
  "include expression": "fine",
};

test.each(read)(
  "%s %s, empty, is a mistake, said, or as in sersync",
  (element, attribute, kind) => {
    const options = using(element, attribute);
    const before = notesOf(full, options).length;
    const result = outcome(spoil(element, attribute, ` ${attribute}=""`), options);
    const known = whenEmpty[`${element} ${attribute}`] ?? "mistake";
    const mayBeEmpty = kind === "text" || additions.has(`${element} ${attribute}`);
    expect(mayBeEmpty || known !== "fine").toBe(true);
    const kinds =
      result instanceof ConfigError ? "mistake" : result.notes.length > before ? "said" : "fine";
    expect(kinds).toBe(known);
  },
);

/** Every element of the vocabulary that the full file has, each name once. */
const elements = [...new Set(elementNames(headRule))].filter((name) =>
  new RegExp(`<${name}\\b`).test(full),
);

function elementNames(rule: ElementRule): string[] {
  return Object.entries(rule.children).flatMap(([name, child]) => [name, ...elementNames(child)]);
}

test.each(elements)("<%s>, misspelt, is a mistake with the right word", (element) => {
  const misspelt = `${element}x`;
  const text = full
    .replace(new RegExp(`<${element}\\b`), `<${misspelt}`)
    .replace(
      new RegExp(`(<${misspelt}\\b(?:[^>]*[^/])?>[\\s\\S]*?</)${element}>`),
      `$1${misspelt}>`,
    );
  const said = mistakesOf(text).map((mistake) => mistake.text);
  expect(said.join("\n")).toContain(`did you mean <${element}>?`);
});

/** What becomes of a file without an element; where nothing is said, it may be absent. */
const whenAbsent: Readonly<Record<string, string>> = {
  exclude: "",
  include: "",
  sersync: "mistake: <localpath> is missing in <sersync>",
  localpath: "mistake: <localpath> is missing in <sersync>",
  remote: "mistake: <remote> is missing in <localpath>",
  crontabfilter: "",
  plugin: "",
  param: "",
  deshost: "http mistake: deshost url: it is needed",
  cdninfo: "refreshCDN mistake: <cdninfo>: domainname is needed",
  sendurl: "refreshCDN mistake: <sendurl>: base is needed",
  regexurl: "",
  header: "",
  module: 'module mistake: <module path="…"/> is missing',
  setting: "",
};

test.each(elements)("<%s>, absent, means its defaults, with a note, or a mistake", (element) => {
  const wanted = whenAbsent[element] ?? `<${element}> is absent`;
  const pluginAlone = pluginNames.find((name) => wanted.startsWith(`${name} mistake`));
  const options = pluginAlone === undefined ? {} : { pluginAlone };
  const text = full.replaceAll(
    new RegExp(`<${element}\\b[^>]*/>|<${element}\\b[\\s\\S]*?</${element}>`, "g"),
    "",
  );
  const result = outcome(text, options);
  const said = result instanceof ConfigError ? result.mistakes : result.notes;
  const texts = said.map((each) => each.text).join("\n");
  expect(texts).toContain(wanted.replace(/^.*mistake: /, ""));
  expect(result instanceof ConfigError).toBe(wanted.includes("mistake"));
});
