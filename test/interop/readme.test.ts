import fs from "node:fs";
import { expect, test } from "vitest";
import * as protocol from "../../protocol/index.ts";
import { inProject } from "../support/command.mjs";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeTree, readTree, temporaryDirectory } from "../support/tree.ts";

const readme = fs.readFileSync(inProject("protocol/README.md"), "utf8");
const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((found) => found[1] ?? "");

type Example = (library: typeof protocol, console: object, files: typeof fs) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Example;

/** The example with its daemon and its directory where the test has them. */
function compile(example: string, { port, site }: { port: number; site: string }): Example {
  const body = example
    .replace('import { renameSync } from "node:fs";', "const { renameSync } = fs;")
    .replaceAll(/import (\{[^}]*\}) from "sersync\/protocol";/g, "const $1 = library;")
    .replaceAll("127.0.0.1/", `127.0.0.1:${port}/`)
    .replaceAll('host: "127.0.0.1",', `host: "127.0.0.1", port: ${port},`)
    .replaceAll("/srv/site", site)
    .replaceAll("/srv/copy", `${site}/copy`);
  return new AsyncFunction("library", "console", "fs", body);
}

describeDaemons("the examples of protocol/README.md", (version) => {
  test("do what they say, one after the other", async () => {
    const secrets = { "auth users": "rsync_backup" };
    using site = temporaryDirectory();
    const secretsFile = `${site.path}.secrets`;
    fs.writeFileSync(secretsFile, "rsync_backup:secret\n", { mode: 0o600 });
    await using daemon = await startDaemon({
      version,
      modules: { public: {}, backup: { ...secrets, "secrets file": secretsFile } },
    });
    makeTree(site.path, { "index.html": "hi", "x.tmp": "", "cache/x": "" });
    makeTree(daemon.path("public"), { "site/old/page.html": "", "site/kept": "" });
    const printed: string[] = [];
    const print = (...words: unknown[]) => void printed.push(words.join(" "));
    expect(examples).toHaveLength(8);
    for (const example of examples) {
      const run = compile(example, { port: daemon.port, site: site.path });
      await run(protocol, { log: print, error: print }, fs);
    }
    fs.rmSync(secretsFile);
    expect(printed).toContain("in place: index.html");
    expect(printed).toContain("made/index.html 14");
    expect(printed).toContain("0 2");
    expect([...readTree(`${site.path}/copy`).keys()].sort()).toEqual([
      "",
      "data",
      "data/numbers.bin",
      "empty",
      "index.html",
      "latest",
    ]);
    expect(printed).toContain("linked true 0");
    expect(printed).toContain("content ,a.txt,readme.txt");
    expect(printed).toContain("push inbox 0");
    expect([...readTree(daemon.path("backup")).keys()].sort()).toEqual([
      "",
      "site",
      "site/index.html",
      "start.html",
    ]);
    expect([...readTree(daemon.path("public")).keys()].sort()).toEqual([
      "",
      "made",
      "made/bin",
      "made/bin/run",
      "made/data",
      "made/data/numbers.bin",
      "made/empty",
      "made/index.html",
      "made/latest",
      "site",
      "site/kept",
    ]);
  });
});
