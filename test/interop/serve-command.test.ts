import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type RunningServe, startServe } from "../support/serve.ts";
import { runRsync } from "../support/served.ts";
import {
  makeTree,
  readTree,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../support/tree.ts";

const version = "3.5.0";
const isRoot = process.getuid?.() === 0;

/** What every module holds before a client comes. */
const content = {
  "kept.txt": "kept",
  "old.txt": "old",
  "d/inner.tmp": "inner",
  secret: "nobody sees it",
  "d/link": { type: "symlink", target: "../kept.txt" },
} as const;

const modules = {
  rw: {},
  ro: { "read only": true },
  wo: { "write only": true },
  hidden: { list: false, comment: "not told" },
  denied: { "hosts deny": "127.0.0.0/8" },
  "denied-hidden": { "hosts deny": "*", list: false },
  allowed: { "hosts allow": "127.0.0.1", "hosts deny": "*" },
  shut: { "max connections": -1 },
  refusing: { "refuse options": "delete compress c" },
  strict: { "refuse options": "* !a !v !delete !delete-during" },
  excluding: { exclude: "/secret *.tmp" },
  filtering: { filter: "+ /kept.txt - /*" },
  modes: { "incoming chmod": "D750,F600", "outgoing chmod": "F640" },
  gone: { path: "/nonexistent/sersync" },
  users: { "auth users": "alice:rw bob:ro eve:deny", "read only": true },
  strong: { "auth users": "alice", "auth digest": "sha256" },
  munging: { "munge symlinks": true },
  latin: { charset: "iso-8859-1" },
} as const;

interface Client {
  readonly module: keyof typeof modules;
  /** What stands in front of the addresses; HERE is a directory of the client. */
  readonly words: readonly string[];
  readonly user?: string;
}

/** Options, module, and what is done: the destination is behind `>`, else it is a pull. */
const clients: Readonly<Record<string, Client>> = {
  "a push": { module: "rw", words: ["-a", "HERE", "URL"] },
  "a push that deletes": { module: "rw", words: ["-ai", "--delete", "HERE", "URL"] },
  "a push below a new directory": { module: "rw", words: ["-a", "HERE", "URLnew/"] },
  "a push with compression": { module: "rw", words: ["-az", "HERE", "URL"] },
  "a pull": { module: "ro", words: ["-ai", "URL", "HERE"] },
  "a pull of what is not there": { module: "ro", words: ["-a", "URLnothing", "HERE"] },
  "a listing": { module: "ro", words: ["-r", "--no-times", "URLd/"] },
  "a push to what may be read only": { module: "ro", words: ["-a", "HERE", "URL"] },
  "a pull of what may be written only": { module: "wo", words: ["-a", "URL", "HERE"] },
  "a push to what may be written only": { module: "wo", words: ["-a", "HERE", "URL"] },
  "a pull from what is not listed": { module: "hidden", words: ["-a", "URL", "HERE"] },
  "a host that is denied": { module: "denied", words: ["-a", "URL", "HERE"] },
  "a host that is denied a hidden module": {
    module: "denied-hidden",
    words: ["-a", "URL", "HERE"],
  },
  "a host that is allowed": { module: "allowed", words: ["-a", "URL", "HERE"] },
  "one connection too many": { module: "shut", words: ["-a", "URL", "HERE"] },
  "an option that is refused": { module: "refusing", words: ["-a", "--delete", "HERE", "URL"] },
  "a letter that is refused": { module: "refusing", words: ["-ac", "HERE", "URL"] },
  "another letter that is refused": { module: "refusing", words: ["-az", "HERE", "URL"] },
  "an option that is not refused": { module: "strict", words: ["-av", "--delete", "HERE", "URL"] },
  "an option that a wildcard refuses": { module: "strict", words: ["-aH", "HERE", "URL"] },
  "a pull of what is partly excluded": { module: "excluding", words: ["-ai", "URL", "HERE"] },
  "a pull of what is excluded": { module: "excluding", words: ["-a", "URLsecret", "HERE"] },
  "a push of what is partly excluded": { module: "excluding", words: ["-a", "HERE", "URL"] },
  "a push that would delete what is excluded": {
    module: "excluding",
    words: ["-a", "--delete", "--exclude=*.tmp", "--exclude=secret", "HERE", "URL"],
  },
  "a pull of what a filter leaves": { module: "filtering", words: ["-ai", "URL", "HERE"] },
  "a push to where modes are changed": { module: "modes", words: ["-a", "HERE", "URL"] },
  "a pull from where modes are changed": { module: "modes", words: ["-a", "URL", "HERE"] },
  "a module without a directory": { module: "gone", words: ["-a", "URL", "HERE"] },
  "a user who may write": { module: "users", words: ["-a", "HERE", "URL"], user: "alice" },
  "a user who may read": { module: "users", words: ["-a", "URL", "HERE"], user: "bob" },
  "a user who may not write": { module: "users", words: ["-a", "HERE", "URL"], user: "bob" },
  "a user who is denied": { module: "users", words: ["-a", "URL", "HERE"], user: "eve" },
  "a user nobody knows": { module: "users", words: ["-a", "URL", "HERE"], user: "mallory" },
  "a user with a strong digest": { module: "strong", words: ["-a", "URL", "HERE"], user: "alice" },
  "names in another charset": { module: "latin", words: ["-ai", "--iconv=utf8", "HERE", "URL"] },
  "names as they are": { module: "latin", words: ["-ai", "HERE", "URL"] },
  "a charset where there is none": { module: "rw", words: ["-a", "--iconv=utf8", "HERE", "URL"] },
  "links that are munged": { module: "munging", words: ["-a", "HERE", "URL"] },
};

let work: TemporaryDirectory;
let stock: Daemon;
let ours: RunningServe;

beforeAll(async () => {
  work = temporaryDirectory();
  const users = { alice: "secret-a", bob: "secret-b", eve: "secret-e" };
  fs.writeFileSync(`${work.path}/secrets`, formatSecrets(users), { mode: 0o600 });
  const secrets = { "secrets file": `${work.path}/secrets` };
  stock = await startDaemon({ version, motd: "Welcome\n", modules, global: secrets });
  const files = ["--pid-file", `${work.path}/pid`, "--log-file", `${work.path}/log`];
  ours = await startServe(["--config", `${stock.directory}/rsyncd.conf`, ...files]);
});

afterAll(async () => {
  await ours?.[Symbol.asyncDispose]();
  await stock?.remove();
  work?.[Symbol.dispose]();
});

function formatSecrets(users: Readonly<Record<string, string>>): string {
  return Object.entries(users)
    .map(([user, password]) => `${user}:${password}\n`)
    .join("");
}

/** What the client has said, without what only one daemon's program says of itself. */
function withoutPlaces(text: string): string[] {
  const lines = text
    .replaceAll(/ at \w+\.c\(\d+\) \[[^\]]*\]/g, "")
    .replaceAll(/from \S+ \(127\.0\.0\.1\)/g, "from CLIENT")
    .replaceAll(/@ERROR: chroot failed/g, "@ERROR: chdir failed")
    .replaceAll(/rsync error: .* \(code (\d+)\)/g, "code $1")
    .split("\n");
  const ofOneDaemon = /^$|reset by peer|Broken pipe|^sent .* bytes\/sec$|file list|^total size/;
  return lines.filter((line) => !ofOneDaemon.test(line)).sort();
}

interface Visited {
  readonly code: number | null;
  readonly output: readonly string[];
  readonly errors: readonly string[];
  readonly there: object;
  readonly back: object;
}

async function visit({ module, words, user }: Client, port: number): Promise<Visited> {
  const place = stock.path(module);
  if (module !== "gone") {
    fs.rmSync(place, { recursive: true, force: true });
    makeTree(place, content);
  }
  using here = temporaryDirectory();
  makeTree(here.path, { "new.txt": "new", "kept.txt": "changed", "d/x.tmp": "x", secret: "mine" });
  makeTree(here.path, { "\xc3\xa9": "a name in UTF-8" });
  fs.symlinkSync("new.txt", `${here.path}/d/l`);
  for (const root of [place, here.path]) setTimes(root);
  const login = user === undefined ? "" : `${user}@`;
  const url = `rsync://${login}127.0.0.1:${port}/${module}/`;
  const argv = words.map((word) => word.replace("URL", url).replace("HERE", `${here.path}/`));
  const password = `--password-file=${work.path}/password`;
  fs.writeFileSync(`${work.path}/password`, `secret-${user?.[0] ?? ""}\n`, { mode: 0o600 });
  const { code, output, errors } = await runRsync(version, [...(user ? [password] : []), ...argv]);
  const said = { output: withoutPlaces(output), errors: withoutPlaces(errors) };
  return { code, ...said, there: describeTree(place), back: describeTree(here.path) };
}

/**
 * A client that still sends when it is refused, as a slow one does, may find the connection reset, and
 * the reason gone: then it asks again. Whoever never tells it is found out all the same.
 */
async function visitToHear(client: Client, port: number): Promise<Visited> {
  const [socketError, streamError] = [10, 12];
  let visited = await visit(client, port);
  for (let visits = 1; visits < 5; visits += 1) {
    if (visited.code !== socketError && visited.code !== streamError) break;
    visited = await visit(client, port);
  }
  return visited;
}

/** Without this what is itemized would depend on how long the test takes. */
function setTimes(root: string): void {
  if (!fs.existsSync(root)) return;
  for (const name of fs.readdirSync(root, { recursive: true, encoding: "utf8" })) {
    fs.lutimesSync(`${root}/${name}`, 1_000_000_000, 1_000_000_000);
  }
  fs.utimesSync(root, 1_000_000_000, 1_000_000_000);
}

/** Names, kinds, modes and content. */
function describeTree(root: string): object {
  if (!fs.existsSync(root)) return {};
  return Object.fromEntries(
    Array.from(readTree(root), ([name, { mode, content: digest, target }]) => [
      name,
      [mode, digest ?? target],
    ]),
  );
}

describe.runIf(isRoot)("the same rsyncd.conf, served by rsync and by sersync", () => {
  test.each(Object.entries(clients))("%s ends alike", async (_, client) => {
    const wanted = await visitToHear(client, stock.port);
    const found = await visitToHear(client, ours.port);
    expect(found).toEqual(wanted);
  });

  test("a pull with an option that is refused ends with the code for that", async () => {
    const client: Client = { module: "refusing", words: ["-az", "URL", "HERE"] };
    const [wanted, found] = [await visit(client, stock.port), await visit(client, ours.port)];
    // rsync resets the connection before its client has read the code, which then says 10.
    expect(found).toEqual({ ...wanted, code: 4, errors: found.errors });
    expect(found.errors).toContain("rsync: The server is configured to refuse --compress (-z)");
  });

  test("modules are listed alike, after the same message of the day", async () => {
    const lists = await Promise.all(
      [stock.port, ours.port].map((port) => runRsync(version, [`rsync://127.0.0.1:${port}/`])),
    );
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[1]?.output).toMatch(/^Welcome\n[\s\S]*rw/);
  });
});
