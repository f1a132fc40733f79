import fs from "node:fs";
import { expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/program.ts";
import { readConf } from "../../src/serve/conf.ts";
import { inProject } from "../support/command.mjs";

/** The list of words below a key of a YAML file, one a line. */
function wordsBelow(file: string, key: string): string[] {
  const text = fs.readFileSync(inProject("packaging", file), "utf8");
  const [, list = ""] = new RegExp(`^ *${key}:\\n((?: *- .*\\n)+)`, "m").exec(text) ?? [];
  return [...list.matchAll(/^ *- (.*)$/gm)].map(([, word = ""]) => word);
}

test.each([
  ["container/compose.yaml", "command", "--password-file=/run/secrets/password"],
  ["kubernetes/serve.yaml", "args", "--secrets-file=/etc/sersync-secret/secrets"],
])("%s serves a module for which a password is needed", (file, key, secrets) => {
  const words = wordsBelow(file, key);
  expect(words).toContain(secrets);
  expect(parseCommandLine(words, { version: "1", environment: {} })).toMatchObject({
    kind: "serve",
    modules: ["backup=/srv/backup,rw,auth=mirror"],
    address: "0.0.0.0",
    port: 8730,
  });
});

test("the stock rsync daemon beside the mirror has the module that is pushed to, for the same user", () => {
  const read = (file: string): string => fs.readFileSync(file, "utf8");
  const files = { read, list: () => [], exists: fs.existsSync };
  const conf = readConf(inProject("packaging/container/rsyncd.conf"), {
    files,
    variables: () => undefined,
  });
  const settings = conf.sections.map(({ name, settings: of }) => [
    name,
    of.get("path")?.value,
    of.get("authusers")?.value,
  ]);
  expect(settings).toEqual([["backup", "/srv/backup", "mirror"]]);
  expect(read(inProject("packaging/container/compose.yaml"))).toContain(
    "SERSYNC_TARGETS: rsync://mirror@backup:8730/backup",
  );
});

test("the unit runs commands that there are", () => {
  const unit = fs.readFileSync(inProject("packaging/systemd/sersync-serve.service"), "utf8");
  const lines = [...unit.matchAll(/^ExecStart(?:Pre)?=\/usr\/bin\/env sersync (.*)$/gm)];
  const commands = lines.map(([, words = ""]) =>
    parseCommandLine(words.split(" "), { version: "1", environment: {} }),
  );
  expect(commands).toMatchObject([
    { kind: "serve", config: "/etc/rsyncd.conf", check: true },
    { kind: "serve", config: "/etc/rsyncd.conf", check: false },
  ]);
});
