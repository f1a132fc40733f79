import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { nativePath, pathFromText } from "../../protocol/path.ts";
import { listen, listenHttp } from "../src/plugin/listeners.ts";
import { inProject } from "../support/command.mjs";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { launchMirror, startMirror, untilEqualTrees } from "../support/mirror.ts";
import { freePort } from "../support/ports.mjs";
import { temporaryDirectory } from "../support/tree.ts";

/** Names that a shell would act upon, and one that no text can hold. */
const hostileNames = [
  "plain",
  "a b",
  `it's "quoted"`,
  "`touch INJ1`",
  "$(touch INJ2)",
  "x;touch INJ3;.php",
  "x|touch INJ4&",
  "x\ntouch INJ5\n",
  "-rf",
  "{path}",
  "$&",
  "\u{feff}mark",
].map((name) => pathFromText(name));
const oddName = "caf\xe9 \xff" as (typeof hostileNames)[number];

function byText(a = "", b = ""): number {
  return a < b ? -1 : Number(a > b);
}

/** A watched directory and another one, for what programs write. */
function place() {
  const source = temporaryDirectory();
  const other = temporaryDirectory();
  return {
    source: source.path,
    other: other.path,
    alone: (name: string, section: string, attributes = "") => ({
      source: source.path,
      port: 1,
      remotes: [],
      plugin: { name, section, attributes, alone: true },
    }),
    [Symbol.dispose]: () => {
      source[Symbol.dispose]();
      other[Symbol.dispose]();
    },
  };
}

/** A program that appends its arguments and variables, NUL behind each, as one record. */
function writeRecorder(directory: string): string {
  const program = `${directory}/recorder`;
  fs.writeFileSync(
    program,
    `#!/bin/sh
printf '%s\\0' "$@" "$SERSYNC_PATH" "$SERSYNC_KIND" "$SERSYNC_RESULT" "$SERSYNC_ROOT" "[$RSYNC_PASSWORD]" END > "${directory}/$$"
mv "${directory}/$$" "${directory}/record.$$"
`,
    { mode: 0o755 },
  );
  return program;
}

/** The records so far, each as its byte strings. */
function readRecords(directory: string): string[][] {
  const names = fs.readdirSync(directory).filter((name) => name.startsWith("record."));
  return names.map((name) =>
    fs.readFileSync(`${directory}/${name}`, "latin1").split("\0").slice(0, -2),
  );
}

test("a command gets the bytes of every name, and no shell sees one (F-07)", async () => {
  using at = place();
  const program = writeRecorder(at.other);
  const section = `<param prefix="${program} -t 'two words'" suffix="last" ignoreError="false"/>`;
  await using mirror = await startMirror(at.alone("command", section));
  for (const name of [...hostileNames, oddName]) fs.writeFileSync(nativePath(at.source, name), "x");
  const wanted = [...hostileNames, oddName].map((name) => `${at.source}/${name}`).sort(byText);
  await eventually(() =>
    readRecords(at.other)
      .map((record) => record[2])
      .sort(byText),
  ).toEqual(wanted);
  for (const [t, words, path, last, variable, ...rest] of readRecords(at.other)) {
    expect([t, words, last, variable]).toEqual(["-t", "two words", "last", path]);
    expect(rest).toEqual(["file", "seen", at.source, "[]"]);
  }
  expect(fs.readdirSync(at.source).filter((name) => name.startsWith("INJ"))).toEqual([]);
  expect(mirror.isRunning()).toBe(true);
});

test("a command sees a directory with all in it, a rename, and what is deleted", async () => {
  using at = place();
  const program = writeRecorder(at.other);
  const section = `<param prefix="${program}" suffix=""/>`;
  await using _ = await startMirror(at.alone("command", section));
  const records = () =>
    readRecords(at.other).map(([path, , kind]) => `${kind} ${path}`.replace(at.source, ""));
  // What is there when the new directory is looked through, and is written to after, is told twice.
  const told = () => [...new Set(records())].sort(byText);
  fs.mkdirSync(`${at.source}/d/e`, { recursive: true });
  const file = fs.openSync(`${at.source}/d/e/f`, "w");
  await eventually(told).toContain("file /d/e/f");
  fs.writeSync(file, "x");
  fs.closeSync(file);
  await eventually(
    () => records().filter((record) => record === "file /d/e/f").length,
  ).toBeGreaterThan(1);
  fs.symlinkSync("nowhere", `${at.source}/d/l`);
  await eventually(told).toEqual(["directory /d", "directory /d/e", "file /d/e/f", "symlink /d/l"]);
  fs.renameSync(`${at.source}/d/e/f`, `${at.source}/g`);
  fs.rmSync(`${at.source}/d`, { recursive: true });
  await eventually(told).toEqual(expect.arrayContaining(["delete /d", "delete /d/e/f", "file /g"]));
});

test("the filter holds for a plugin that runs alone, and so do its own regexes", async () => {
  using at = place();
  const program = writeRecorder(at.other);
  const section = `<param prefix="${program}"/><filter start="true"><include expression="(.*)\\.php"/></filter>`;
  const setUp = { ...at.alone("command", section), filter: ["(.*)secret(.*)"] };
  await using _ = await startMirror(setUp);
  for (const name of ["a.txt", "secret.php", "b.php"])
    fs.writeFileSync(`${at.source}/${name}`, "x");
  await eventually(() => readRecords(at.other).map(([path]) => path)).toEqual([
    `${at.source}/b.php`,
  ]);
});

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

test.skipIf(!hasStrace)("nothing is executed but the command itself (F-07)", async () => {
  using at = place();
  const trace = `${at.other}/trace`;
  const setUp = {
    ...at.alone("command", '<param prefix="/bin/true" suffix=""/>'),
    under: ["strace", "-D", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", trace],
  };
  await using mirror = await startMirror(setUp);
  const names = [...hostileNames, oddName];
  for (const name of names) fs.writeFileSync(nativePath(at.source, name), "x");
  const executed = () =>
    [...fs.readFileSync(trace, "latin1").matchAll(/execve\("([^"]*)"/g)].map(([, file]) => file);
  await eventually(() => executed().filter((file) => file === "/bin/true")).toHaveLength(
    names.length,
  );
  await mirror.terminate();
  // Node twice: the program itself, and on the way to the name that no text can hold.
  expect(executed().filter((file) => file !== "/bin/true")).toEqual([
    process.execPath,
    process.execPath,
  ]);
});

/** The processes whose command line has `word`. */
function processesWith(word: string): string[] {
  return fs.readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(word);
    } catch {
      return false;
    }
  });
}

test.skipIf(process.platform !== "linux")(
  "a command that hangs is ended with all it has started",
  async () => {
    using at = place();
    const program = `${at.other}/hang`;
    const word = `9${process.pid}`;
    const begun = `${at.other}/begun`;
    const script = `#!/bin/sh\nsleep ${word} & echo >> ${begun}; sleep ${word}\n`;
    fs.writeFileSync(program, script, { mode: 0o755 });
    const times = () => (fs.existsSync(begun) ? fs.readFileSync(begun).length : 0);
    const section = `<param prefix="${program}" suffix="" ignoreError="true"/>`;
    await using mirror = await startMirror(
      at.alone("command", section, 'timeout="3" concurrency="1"'),
    );
    fs.writeFileSync(`${at.source}/a`, "x");
    await eventually(times).toBe(1);
    await mirror.says(({ msg }) => msg.includes("plugin failed: it took longer than 3 s"));
    await eventually(() => processesWith(word)).toEqual([]);
    fs.writeFileSync(`${at.source}/b`, "x");
    await eventually(times).toBeGreaterThan(1); // the first one may be tried again before
    expect(await mirror.terminate()).toBe(0);
    expect(processesWith(word)).toEqual([]);
  },
);

test.skipIf(process.platform !== "linux")(
  "a command that hangs goes with a program that is told twice to stop",
  async () => {
    using at = place();
    const word = `8${process.pid}`;
    const section = `<param prefix="${at.other}/hang" suffix=""/>`;
    fs.writeFileSync(`${at.other}/hang`, `#!/bin/sh\nsleep ${word}\n`, { mode: 0o755 });
    await using mirror = await startMirror(at.alone("command", section));
    fs.writeFileSync(`${at.source}/a`, "x");
    await eventually(() => processesWith(word).length).toBe(1);
    const started = performance.now();
    await Promise.all([
      mirror.terminate(),
      mirror.says(({ msg }) => msg.startsWith("stopping on")).then(() => mirror.terminate()),
    ]);
    expect(performance.now() - started).toBeLessThan(9_000); // told once, it waits ten seconds
    await eventually(() => processesWith(word)).toEqual([]);
  },
);

test("an http plugin posts each change, and the secret is said nowhere", async () => {
  using at = place();
  await using web = await listenHttp([500, 403]);
  const secretFile = `${at.other}/token`;
  fs.writeFileSync(secretFile, "s3cret-word\n", { mode: 0o600 });
  const section = `<localpath><deshost url="http://127.0.0.1:${web.port}/x" format="json" secretfile="${secretFile}"><header name="Authorization" value="Bearer {secret}"/></deshost></localpath>`;
  await using mirror = await startMirror(at.alone("http", section));
  fs.writeFileSync(`${at.source}/a`, "x");
  await mirror.says(({ msg }) => msg.includes("answers 500; trying again"));
  await mirror.says(({ msg }) => msg.includes("answers 403; it is not tried again"));
  fs.writeFileSync(`${at.source}/b`, "x");
  await eventually(() => web.requests.length).toBe(3);
  expect(web.requests.map(({ headers }) => headers.authorization)).toEqual(
    Array(3).fill("Bearer s3cret-word"),
  );
  expect(JSON.parse(web.requests[2]?.body ?? "")).toMatchObject({
    path: `${at.source}/b`,
    result: "seen",
  });
  expect(await mirror.terminate()).toBe(0);
  expect(mirror.output()).not.toContain("s3cret");
  expect(mirror.lines).toContainEqual(
    expect.objectContaining({ msg: "plugin stopped", done: 1, failed: 1, dropped: 0 }),
  );
});

test("refreshCDN with a host name refreshes, and shows no password (F-30)", async () => {
  using at = place();
  await using cdn = await listen({ onData: (_, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n") });
  const section = `<localpath watch=""><cdninfo domainname="localhost" port="${cdn.port}" username="me" passwd="s3cret-word"/><sendurl base="http://pic.example"/><regexurl regex="false" match=""/></localpath>`;
  await using mirror = await startMirror(at.alone("refreshCDN", section));
  fs.writeFileSync(`${at.source}/a b`, "x");
  await eventually(() => cdn.received).toEqual([
    expect.stringContaining("pswd=s3cret-word&ok=ok&urls=http://pic.example/a%20b HTTP/1.0"),
  ]);
  expect(await mirror.terminate()).toBe(0);
  expect(mirror.output()).not.toContain("s3cret");
});

test("the example module runs, and its failures stay its own", async () => {
  using at = place();
  const file = `${at.other}/changes.jsonl`;
  const module = inProject("examples/append-changes.mjs");
  const section = `<module path="${module}"><setting name="file" value="${file}"/></module>`;
  await using mirror = await startMirror(at.alone("module", section));
  await mirror.says(({ msg }) => msg === `changes go to ${file}`);
  for (const name of ["a", "b c"]) fs.writeFileSync(`${at.source}/${name}`, "x");
  const lines = () =>
    fs
      .readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  await eventually(() =>
    lines()
      .map(({ path }) => path)
      .sort(byText),
  ).toEqual([`${at.source}/a`, `${at.source}/b c`]);
  expect(lines()[0]).toMatchObject({ kind: "file", result: "seen", target: "" });
  expect(await mirror.terminate()).toBe(0);
});

test("a module that loops for ever or throws where nobody listens is started again", async () => {
  using at = place();
  const module = `${at.other}/wild.mjs`;
  fs.writeFileSync(
    module,
    `export default ({ log }) => ({
      change({ relativePath }) {
        if (relativePath === "loop") for (;;);
        if (relativePath === "throw") setTimeout(() => { throw new Error("nobody listens"); });
        else return log("told of " + relativePath);
        return new Promise(() => {});
      },
    });`,
  );
  const section = `<module path="${module}"/>`;
  await using mirror = await startMirror(at.alone("module", section, 'timeout="1"'));
  fs.writeFileSync(`${at.source}/throw`, "x");
  await mirror.says(({ msg }) => msg.includes("the module has ended: nobody listens"));
  fs.writeFileSync(`${at.source}/loop`, "x");
  await mirror.says(({ msg }) => msg.includes("it took longer than 1 s"));
  fs.writeFileSync(`${at.source}/after`, "x");
  await mirror.says(({ msg }) => msg === "told of after");
  expect(await mirror.terminate()).toBe(0);
});

test("a module that cannot be loaded keeps the program from starting", async () => {
  using at = place();
  const module = `${at.other}/broken.mjs`;
  fs.writeFileSync(module, "export const x = 1;");
  await using mirror = launchMirror(at.alone("module", `<module path="${module}"/>`));
  await mirror.says(({ msg }) =>
    msg.includes("Cannot start the plugin module: cannot load the module"),
  );
  await eventually(() => mirror.isRunning()).toBe(false);
  expect(mirror.output()).toContain("its default export is no function");
});

/** Moves a file in: one change, where writing one may be several. */
function moveIn(at: { readonly source: string; readonly other: string }, name: string): void {
  fs.writeFileSync(`${at.other}/${name}`, "content");
  fs.renameSync(`${at.other}/${name}`, `${at.source}/${name}`);
}

/** What is told of `name`, as `result kind`, once more for each target. */
function toldOf(at: { readonly source: string; readonly other: string }, name: string): string[] {
  return readRecords(at.other)
    .filter(([path]) => path === `${at.source}/${name}`)
    .map(([, , kind, result]) => `${result} ${kind}`)
    .sort(byText);
}

/** What comes while the watching begins may be seen, and delivered, twice: that is over now. */
async function warmUp(at: { readonly source: string; readonly other: string }): Promise<void> {
  moveIn(at, "first");
  await eventually(() => toldOf(at, "first")).toContain("delivered file");
  fs.rmSync(`${at.source}/first`);
  await eventually(() => toldOf(at, "first")).toContain("delivered delete");
}

describeDaemons("a plugin beside the mirror", (version) => {
  test("is told of each delivery once per target, deletions included", async () => {
    using at = place();
    const daemon = await startDaemon({ version, modules: { one: {}, two: {} } });
    const program = writeRecorder(at.other);
    const plugin = { name: "command", section: `<param prefix="${program}" suffix=""/>` };
    const remotes = [{ module: "one" }, { module: "two" }];
    await using _ = await startMirror({
      source: at.source,
      port: daemon.port,
      remotes,
      fullPush: false,
      plugin,
    });
    await warmUp(at);
    moveIn(at, "f");
    const told = () => toldOf(at, "f");
    await eventually(told).toEqual(["delivered file", "delivered file"]);
    expect(fs.readFileSync(`${daemon.path("two")}/f`, "utf8")).toBe("content");
    fs.rmSync(`${at.source}/f`);
    await eventually(told).toEqual([
      "delivered delete",
      "delivered delete",
      "delivered file",
      "delivered file",
    ]);
    await daemon.remove();
  });

  test("that cannot work disturbs no delivery, and the program stops in time", async () => {
    using at = place();
    const daemon = await startDaemon({ version, modules: { backup: {} } });
    const port = await freePort();
    const plugin = {
      name: "socket",
      attributes: 'queue="5"',
      section: `<localpath watch=""><deshost ip="127.0.0.1" port="${port}"/></localpath>`,
    };
    const setUp = { source: at.source, port: daemon.port, remotes: [{ module: "backup" }], plugin };
    await using mirror = await startMirror(setUp);
    for (let i = 0; i < 40; i += 1) fs.writeFileSync(`${at.source}/${i}`, "x");
    await untilEqualTrees(at.source, daemon.path("backup"));
    await mirror.says(({ msg }) =>
      /^more than 5 changes wait for the plugin: .* so far$/.test(msg),
    );
    await mirror.says(({ msg }) => msg.includes("ECONNREFUSED; trying again in"));
    const started = performance.now();
    expect(await mirror.terminate()).toBe(0);
    expect(performance.now() - started).toBeLessThan(9_000); // what it may take at most is ten
    await mirror.says(({ msg }) => msg.endsWith("changes were not dealt with"));
    await daemon.remove();
  });

  test.each([
    ["once of what a target refuses", "", ["failed file"]],
    ["not of what a target refuses when it wants successes only", 'onlySuccess="true"', []],
  ])("hears %s", async (_, attributes, results) => {
    using at = place();
    const modules = { backup: { exclude: "refused" } };
    const daemon = await startDaemon({ version, modules });
    const program = writeRecorder(at.other);
    const section = `<param prefix="${program}" suffix=""/>`;
    const plugin = { name: "command", section, attributes };
    const remotes = [{ module: "backup" }];
    const setUp = { source: at.source, port: daemon.port, remotes, fullPush: false, plugin };
    await using mirror = await startMirror(setUp);
    await warmUp(at);
    moveIn(at, "refused");
    await mirror.says(({ msg, path }) => msg.startsWith("cannot deliver") && path === "refused");
    moveIn(at, "taken");
    await eventually(() => toldOf(at, "taken")).toEqual(["delivered file"]);
    expect(toldOf(at, "refused")).toEqual(results);
    await daemon.remove();
  });
});
