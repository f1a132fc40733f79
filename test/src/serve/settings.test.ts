import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { Accounts } from "../../../src/serve/accounts.ts";
import { parameters } from "../../../src/serve/parameters.ts";
import { ConfError, formatProblem } from "../../../src/serve/problem.ts";
import { loadSettings, type ServeSettings } from "../../../src/serve/settings.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const accounts = new Accounts(
  "root:x:0:0::/:\nnobody:x:65534:65534::/:\nann:x:1000:1000::/:\nbob:x:1001:1001::/:\n",
  "root:x:0:\nnogroup:x:65534:\nann:x:1000:\nbob:x:1001:\nstaff:x:50:ann,bob\n",
);
const ann = { uid: 1000, gids: [1000, 50] };
const root = { uid: 0, gids: [0] };

function load(
  text: string,
  own: { uid: number; gids: number[] } = ann,
  known: Accounts = accounts,
): ServeSettings {
  const files = {
    read: (file: string) =>
      ({ "/c.conf": text, "/x": "*.bak\n# remark\n+ keep\n" })[file] ?? {
        reason: "it does not exist",
      },
    list: () => undefined,
    exists: () => false,
  };
  return loadSettings("/c.conf", { files, accounts: known, own, environment: {} });
}

function mistakesOf(text: string, own = ann): string[] {
  try {
    load(text, own);
  } catch (error) {
    if (error instanceof ConfError) return error.message.split("\n");
    throw error;
  }
  return [];
}

function only(settings: ServeSettings): ServeSettings["modules"][number] {
  const [module] = settings.modules;
  if (module === undefined) throw new Error("there is no module");
  return module;
}

test("defaults are rsync's for somebody who is not root", () => {
  const { module, logFormat } = only(load("[m]\npath = /srv/a/./b\n"));
  expect(module).toMatchObject({
    name: "m",
    path: "/srv/a/b",
    comment: "",
    readOnly: true,
    writeOnly: false,
    list: true,
    maxConnections: 0,
    timeoutSeconds: 0,
    mungeSymlinks: true,
    numericIds: false,
    logsTransfers: false,
  });
  expect(module.users).toBeUndefined();
  expect(module.admits).toBeUndefined();
  expect(logFormat).toBe("%o %h [%a] %m (%u) %f %l");
});

test.each([
  ["", false, true],
  ["use chroot = yes", false, true],
  ["use chroot = no", true, false],
  ["munge symlinks = yes", true, true],
  ["numeric ids = no", false, false],
] as const)("root with %j munges links: %j, and has numeric ids: %j", (text, munges, numeric) => {
  const { module } = only(load(`[m]\npath = /srv\n${text}\n`, root));
  expect(module.mungeSymlinks).toBe(munges);
  expect(module.numericIds).toBe(numeric);
});

test("what is given is taken", () => {
  const { module, logFile } = only(
    load(`max connections = 4
[m]
path = /srv
comment = gr\xc3\xbc\xc3\x9fe
read only = FALSE
write only = 1
list = no
timeout = 600
refuse options = delete  c
incoming chmod = D755,F644
transfer logging = true
log file = /var/log/m.log
hosts allow = 10.0.0.0/8
`),
  );
  expect(module).toMatchObject({
    comment: "grüße",
    readOnly: false,
    writeOnly: true,
    list: false,
    maxConnections: 4,
    timeoutSeconds: 600,
    refuseOptions: ["delete", "c"],
    incomingChmod: "D755,F644",
    logsTransfers: true,
  });
  expect(logFile).toBe("/var/log/m.log");
});

test("hosts that are not allowed do not come in", async () => {
  const { admits } = only(load("[m]\npath = /srv\nhosts allow = 10.0.0.0/8\n")).module;
  expect(await admits?.({ id: 1, address: "10.1.2.3", port: 1 })).toBe(true);
  expect(await admits?.({ id: 1, address: "11.1.2.3", port: 1 })).toBe(false);
});

describe("the rules of a module", () => {
  // Checked with rsync 3.5.0.
  test.each([
    ["exclude = *.tmp /secret", "a.tmp", true],
    ["exclude = *.tmp /secret", "d/secret", false],
    ["exclude = + *.keep.tmp - *.tmp", "a.keep.tmp", false],
    ["exclude = /new - /x", "x", true],
    ["filter = - /foo  - /bar", "bar", true],
    ["filter = -_/foo +_/bar - *", "bar", false],
    ["include = a.tmp\nexclude = *.tmp", "a.tmp", false],
    ["exclude = a.tmp\nfilter = + a.tmp", "a.tmp", false],
    ["exclude from = /x", "a.bak", true],
    ["exclude from = /x", "keep", false],
    ["filter = merge,- /x", "b.bak", true],
    ["filter = hide secret", "secret", true],
  ])("%j hides %s: %j", (text, path, wanted) => {
    const { filter } = only(load(`[m]\npath = /srv\n${text}\n`)).module;
    expect(filter?.excluding(() => undefined)(asBytePath(path), false)).toBe(wanted);
  });
});

test.each([
  ["read only = maybe", 'read only: yes or no is needed: found "maybe"'],
  ["read only = on", 'read only: yes or no is needed: found "on"'],
  ["timeout = 3x", 'timeout: a whole number is needed: found "3x"'],
  ["timeout = -3", "timeout: 0 or a number of seconds is needed: found -3"],
  ["hosts deny = 127.0.0.1/33", /^hosts deny: Cannot use the host pattern/],
  ["auth users = joe:dney", /^auth users: Cannot use the user rule/],
  ["auth digest = sha3", /^auth digest: one of sha512, .* is needed: found "sha3"/],
  ["incoming chmod = Z", /^incoming chmod: Cannot change modes/],
  ["exclude from = /gone", "exclude from: Cannot read the rules in /gone: it does not exist"],
  ["filter = frobnicate", /^filter: Cannot use the filter rule/],
  ["pre-xfer exec = /bin/true", "pre-xfer exec: this daemon starts no programs"],
  ["fake super = yes", /^fake super: /],
  ["path = /home/%RSYNC_USER_NAME%", /^path: %RSYNC_USER_NAME% is known only when/],
  ["path = relative", 'path: it must begin with "/": found "relative"'],
  ["path = /a\xff", 'path: its name is not UTF-8: found "/a\\#377"'],
  ["uid = nosuch", "uid: no user nosuch"],
  ["gid = nosuch", "gid: no group nosuch"],
])("%s is a mistake, with its line", (text, wanted) => {
  const [mistake = ""] = mistakesOf(`[m]\npath = /srv\n${text}\n`);
  expect(mistake).toMatch(/^\/c\.conf:[13]: /);
  expect(mistake.replace(/^\S+ /, "")).toMatch(wanted);
});

test("any text gives what is served, or mistakes with their lines", () => {
  const name = fc.constantFrom(...Array.from(parameters.values(), ({ title }) => title));
  const value = fc.oneof(
    fc.constantFrom(
      "yes",
      "no",
      "7",
      "-1",
      "* !a",
      "joe:rw @x",
      "10.0.0.0/8",
      "- /x",
      "D7,F6",
      "%a%",
    ),
    fc.string({ unit: "binary-ascii" }),
  );
  const line = fc.tuple(name, value).map(([title, text]) => `${title} = ${text}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.constant("[m]"), fc.constant("[n]"))), (lines) => {
      const mistakes = mistakesOf(`${lines.join("\n")}\n`);
      expect(mistakes.every((each) => /^\/c\.conf:\d+: ./.test(each))).toBe(true);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test("a module needs a path, and the file is told with every mistake", () => {
  expect(mistakesOf("port = 99999\n[m]\n\n[n]\nlist = x\n")).toEqual([
    "/c.conf:1: port: a number from 0 to 65535 is needed: found 99999",
    "/c.conf:2: path: a module needs one",
    "/c.conf:4: path: a module needs one",
    '/c.conf:5: list: yes or no is needed: found "x"',
  ]);
});

test.each(["#m", "a\x7fb", "\xff"])("no client can name a module %j", (name) => {
  expect(mistakesOf(`[${name}]\npath = /srv\n`)).toEqual([
    expect.stringMatching(/^\/c\.conf:1: module: its name cannot be told to clients: found "/),
  ]);
});

test("port 0 is the usual one", () => {
  expect(load("port = 0\n[m]\npath = /srv\n").port).toBeUndefined();
  expect(load("port = 8730\n[m]\npath = /srv\n").port).toBe(8_730);
});

test("what is not as with rsync is said once", () => {
  const { warnings } = load(
    "use chroot = yes\nsyslog facility = local5\n[m]\npath = /a\n[n]\npath = /b\n",
  );
  expect(warnings.map(formatProblem)).toEqual([
    expect.stringMatching(/^\/c\.conf:1: use chroot: there is no chroot here/),
  ]);
});

describe("whom the process becomes", () => {
  const module = (name: string, more = ""): string => `[${name}]\npath = /${name}\n${more}\n`;

  test.each([
    ["", { uid: 65_534, gids: [65_534] }],
    ["uid = ann\ngid = *", { uid: 1000, gids: [1000, 50] }],
    ["uid = ann\ngid = staff, bob", { uid: 1000, gids: [50, 1001] }],
    ["uid = root\ngid = root", undefined],
    ["daemon uid = bob\ndaemon gid = 7", { uid: 1001, gids: [7] }],
  ])("root with %j", (text, wanted) => {
    expect(load(`${text}\n${module("m")}`, root).ids).toEqual(wanted);
  });

  test("others stay who they are, and cannot become anybody", () => {
    expect(load(module("m")).ids).toBeUndefined();
    expect(load(module("m", "uid = ann\ngid = staff")).ids).toBeUndefined();
    expect(mistakesOf(module("m", "uid = bob"))[0]).toMatch("only root can become user 1001");
  });

  test("root is never left as it is for want of names or groups", () => {
    const unnamed = new Accounts("", "");
    expect(load(module("m"), root, unnamed).ids).toEqual({ uid: 65_534, gids: [65_534] });
    const [mistake] = mistakesOf(module("m", "uid = 7\ngid = *"), root);
    expect(mistake).toMatch('gid: there is no group in "*"');
  });

  test("modules must agree", () => {
    const text = `${module("m", "uid = ann")}${module("n", "uid = bob")}`;
    expect(mistakesOf(text, root)[0]).toMatch("one process serves as one user");
  });
});

describe("a secrets file", () => {
  test("is read at each login", () => {
    using directory = temporaryDirectory();
    const file = `${directory.path}/secrets`;
    fs.writeFileSync(file, "joe:one\n", { mode: 0o600 });
    const text = `[m]\npath = /srv\nauth users = joe\nsecrets file = ${file}\n`;
    const { secret } = only(load(text)).module;
    expect(secret?.("joe")).toEqual(Buffer.from("one"));
    fs.writeFileSync(file, "joe:two\n");
    expect(secret?.("joe")).toEqual(Buffer.from("two"));
    fs.chmodSync(file, 0o644);
    expect(() => secret?.("joe")).toThrow("its mode is 644");
    fs.rmSync(file);
    expect(() => secret?.("joe")).toThrow("it does not exist");
  });

  test("that cannot be used is warned of; without strict modes its mode is nobody's business", () => {
    using directory = temporaryDirectory();
    const file = `${directory.path}/secrets`;
    fs.writeFileSync(file, "joe:one\n", { mode: 0o644 });
    const text = `[m]\npath = /srv\nauth users = joe\nsecrets file = ${file}\n`;
    expect(load(text).warnings.map(formatProblem)[0]).toMatch(
      /:4: secrets file: nobody can log in/,
    );
    expect(load(`${text}strict modes = no\n`).warnings).toEqual([]);
    const noFile = text.replace(file, directory.path);
    expect(load(`${noFile}strict modes = no\n`).warnings.map(formatProblem)[0]).toMatch(
      /:4: secrets file: nobody can log in: it is a directory$/,
    );
  });

  test("that is not there at all is warned of", () => {
    const { warnings } = load("[m]\npath = /srv\nauth users = joe\n");
    expect(warnings.map(formatProblem)[0]).toMatch(/:3: auth users: nobody can log in/);
  });
});
