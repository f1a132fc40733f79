import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { type TemporaryDirectory, temporaryDirectory } from "../support/tree.ts";

/** npm reads and compresses some thousand files. */
const packingMs = 300_000;

let directory: TemporaryDirectory;

// What `npm pack` makes of the repository, unpacked; the program has been built.
beforeAll(() => {
  directory = temporaryDirectory();
  const argv = ["pack", "--ignore-scripts", "--pack-destination", directory.path];
  spawnSync("npm", argv, { cwd: inProject() });
  const [archive = ""] = fs.readdirSync(directory.path);
  spawnSync("tar", ["-xzf", archive], { cwd: directory.path });
  return () => directory[Symbol.dispose]();
}, packingMs);

function namesBelow(folder: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => fs.statSync(`${folder}/${name}`).isFile());
}

function filesBelow(folder: string): string[] {
  return namesBelow(inProject(folder)).map((name) => `${folder}/${name}`);
}

test("the npm package holds the program, the library, and what operators need, and no more", () => {
  const files = namesBelow(`${directory.path}/package`);
  const wanted = ["docs", "examples", "man", "packaging"]
    .flatMap(filesBelow)
    .filter((file) => !file.startsWith("packaging/build/"));
  for (const name of ["sersync.js", "thread.js", "relay.js", "module-thread.js", "page/page.js"]) {
    wanted.push(`dist/bin/${name}`);
  }
  wanted.push("dist/src/index.d.ts", "dist/protocol/index.js", "SECURITY.md", "README.zh-CN.md");
  expect(files).toEqual(expect.arrayContaining(wanted));
  // What V8 has compiled is of use to the very same V8 only.
  const needless = /^(?:test|fixtures|packaging\/build)\/|^dist\/bin\/.*\.(?:cache|map)$/;
  expect(files.filter((file) => needless.test(file))).toEqual([]);
});

test("what the container files set are variables and flags of the program", () => {
  const reference = fs.readFileSync(inProject("docs/reference.md"), "utf8");
  const files = [...filesBelow("packaging/container"), ...filesBelow("packaging/kubernetes")];
  const text = files.map((file) => fs.readFileSync(inProject(file), "utf8")).join("\n");
  const named = new Set(text.match(/\bSERSYNC_[A-Z_]+\b/g));
  expect(named.size).toBeGreaterThan(4);
  expect([...named].filter((name) => !reference.includes(`| \`${name}\` |`))).toEqual([]);
});

test("what is packed starts, beside its dependencies and nothing else of the repository", {
  timeout: packingMs,
}, () => {
  fs.symlinkSync(inProject("node_modules"), `${directory.path}/node_modules`);
  const { version, bin } = JSON.parse(
    fs.readFileSync(`${directory.path}/package/package.json`, "utf8"),
  ) as { readonly version: string; readonly bin: { readonly sersync: string } };
  const run = (...words: string[]) =>
    spawnSync(`${directory.path}/package/${bin.sersync}`, words, { encoding: "utf8" });
  expect(run("--version").stdout).toBe(`${version}\n`);
  const { stdout, status } = run("init", directory.path, "rsync://192.0.2.1/m");
  expect([status, stdout]).toEqual([0, expect.stringContaining("<head version=")]);
  fs.writeFileSync(`${directory.path}/confxml.xml`, stdout);
  expect(run("check", "-o", `${directory.path}/confxml.xml`).status).toBe(0);
  const library = `import("sersync/protocol").then((found) => console.log(typeof found.push))`;
  fs.mkdirSync(`${directory.path}/user/node_modules`, { recursive: true });
  fs.symlinkSync(`${directory.path}/package`, `${directory.path}/user/node_modules/sersync`);
  const user = spawnSync(process.execPath, ["-e", library], {
    cwd: `${directory.path}/user`,
    encoding: "utf8",
  });
  expect(user.stdout).toBe("function\n");
});
