import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { RsyncError } from "../../../protocol/index.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";
import { describeServing, warnOfOpenDoors } from "../../../src/cli/serve/words.ts";
import { quickModule } from "../../../src/serve/quick.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const none = { passwordFile: undefined, secretsFile: undefined, password: undefined };

function commandOf(...words: string[]): object {
  return parseCommandLine(["serve", ...words], { version: "1", environment: {} });
}

describe("the command line", () => {
  test("says what is served", () => {
    const words = ["--module", "a=/a", "--module", "b=/b,rw", "--port", "0", "--grace", "3", "-d"];
    expect(commandOf(...words)).toMatchObject({
      kind: "serve",
      modules: ["a=/a", "b=/b,rw"],
      config: undefined,
      address: undefined,
      port: 0,
      graceSeconds: 3,
      daemon: true,
      check: false,
    });
  });

  test.each([
    [[], /say what is served: --module NAME=PATH, or --config FILE/],
    [["--module", "m=/", "--tls-cert", "x"], /--tls-cert and --tls-key go together/],
    [["--module", "m=/", "--tls-ca", "x"], /--tls-ca needs --tls-cert/],
    [["--module", "m=/", "--port", "70000"], /A number from 0 to 65535 is allowed/],
    [["--modul", "m=/"], /unknown option '--modul'/],
  ])("%j is refused", (words, line) => {
    expect(commandOf(...words)).toMatchObject({
      kind: "text",
      exitCode: 1,
      text: expect.stringMatching(line),
    });
  });

  test("--help has examples, in Chinese as well, with every option", () => {
    const { text } = commandOf("--help", "--lang", "en") as { text: string };
    expect(text).toContain("sersync serve --module backup=/srv/backup,rw");
    const { text: chinese } = commandOf("--help", "--lang", "zh") as { text: string };
    expect(chinese).toContain("sersync serve --module backup=/srv/backup,rw");
    const options = [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name);
    expect(options).toContain("--tls-cert");
    for (const option of options.filter((each) => each !== "--help")) {
      expect(chinese).toContain(option);
    }
  });
});

describe("a module in one word", () => {
  test("may only be read unless it says more", () => {
    expect(quickModule("m=/", none).module).toMatchObject({
      name: "m",
      path: "/",
      readOnly: true,
      writeOnly: false,
      list: true,
    });
  });

  test("has its rights, users and comment behind commas", async () => {
    const word = "m=/,wo,hidden,auth=joe,auth=ann,comment=of joe = and ann";
    const { module } = quickModule(word, { ...none, password: "p" });
    expect(module).toMatchObject({
      readOnly: false,
      writeOnly: true,
      list: false,
      comment: "of joe = and ann",
      users: [{ user: "joe" }, { user: "ann" }],
    });
    expect(await module.secret?.("joe")).toBe("p");
  });

  test("takes passwords from files", async () => {
    using directory = temporaryDirectory();
    const [one, many] = ["password", "secrets"].map((name) => `${directory.path}/${name}`) as [
      string,
      string,
    ];
    fs.writeFileSync(one, "alone\n", { mode: 0o600 });
    fs.writeFileSync(many, "ann:a\njoe:j\n", { mode: 0o600 });
    const alone = quickModule("m=/,auth=joe", { ...none, passwordFile: one }).module;
    expect(await alone.secret?.("joe")).toEqual(Buffer.from("alone"));
    const several = quickModule("m=/,auth=joe", { ...none, secretsFile: many }).module;
    expect(await several.secret?.("joe")).toEqual(Buffer.from("j"));
    expect(await several.secret?.("eve")).toBeUndefined();
    fs.chmodSync(one, 0o644);
    expect(() => quickModule("m=/,auth=joe", { ...none, passwordFile: one })).toThrow(/chmod 600/);
  });

  test.each([
    ["m", "name=path is needed"],
    ["a/b=/", "name=path is needed"],
    ["m=/nonexistent", "/nonexistent: it does not exist"],
    ["m=/dev/null", "/dev/null is no directory"],
    [`m=/${"x".repeat(5_000)}`, "its name is too long"],
    [" =/", 'no client can name ""'],
    ["#m=/", 'no client can name "#m"'],
    ["m\nn=/", String.raw`no client can name "m\nn"`],
    ["m=/,rx", 'found "rx"'],
    ["m=/,auth=", 'found "auth="'],
    ["m=/,toString", 'found "toString"'],
    ["m=/,auth=joe", "auth= needs a password"],
  ])("%j is refused: %s", (word, found) => {
    const serve = (): unknown => quickModule(word, none);
    expect(serve).toThrow(RsyncError);
    expect(serve).toThrow(found);
  });
});

describe("what is said of it", () => {
  const served = (word: string) => quickModule(word, { ...none, password: "p" });

  test("is where, for whom, and what may be done", () => {
    const modules = [served("a=/,rw,auth=joe"), served("b=/,hidden")];
    const where = { address: "::1", port: 8_730, secure: false };
    expect(describeServing({ modules, ids: undefined }, where)).toEqual([
      "serving 2 modules on port 8730 of ::1",
      "  rsync://joe@[::1]:8730/a/  /  (read and write, for joe)",
      "  rsync://[::1]:8730/b/  /  (read only, not listed)",
    ]);
    const wide = { address: "::", port: 874, secure: true };
    expect(describeServing({ modules: [served("a=/,wo")], ids: { uid: 7 } }, wide)).toEqual([
      "serving 1 module on port 874 of every address as user 7",
      "  rsyncs://HOST/a/  /  (write only)",
    ]);
  });

  test("is a warning where everybody may write", () => {
    const modules = [served("a=/,rw"), served("b=/,rw,auth=joe"), served("c=/")];
    expect(warnOfOpenDoors({ modules }, "127.0.0.1")).toEqual([]);
    expect(warnOfOpenDoors({ modules }, "0.0.0.0")).toEqual([
      "module a can be written by everybody who reaches this port",
    ]);
  });
});
