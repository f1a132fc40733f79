import { createHmac } from "node:crypto";
import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, rootPath } from "../../protocol/path.ts";
import type { PushReport } from "../../protocol/report.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { walk } from "../../protocol/source/walk.ts";
import type { Target } from "../../protocol/target.ts";
import type { SshOptions } from "../../protocol/transport/ssh/options.ts";
import { type DaemonVersion, describeDaemons, rsyncProgram } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { hasSshd, type SshDaemon, startSshd } from "../support/sshd.ts";
import { expectEqualTrees, makeTree, temporaryDirectory } from "../support/tree.ts";

const transfer = { recursive: true, links: true, perms: true, times: true, force: true };

function optionsFor(sshd: SshDaemon, version: DaemonVersion): SshOptions {
  return {
    user: sshd.user,
    identityFiles: [sshd.identity],
    knownHostsFiles: [sshd.knownHosts],
    agent: "none",
    program: rsyncProgram(version),
  };
}

async function push(
  sshd: SshDaemon,
  ssh: SshOptions,
  source: string,
  destination: string,
  target: Partial<Target> = {},
): Promise<PushReport> {
  const tree = new LocalTree(source);
  const directory = asBytePath(Buffer.from(destination).toString("latin1"));
  const session = await Session.open(
    { host: "127.0.0.1", port: sshd.port, module: "", directory, ssh, ...target },
    { transfer, features: { acknowledge: true, deleteMissing: true }, timeoutMs: 20_000 },
  );
  return session.push([...walk(tree, rootPath)], tree);
}

const failure = (pushing: Promise<unknown>) =>
  pushing.then(
    () => undefined,
    (error: unknown) => error as Error & { readonly code: string },
  );

describeDaemons("over ssh", (version) => {
  test.skipIf(!hasSshd).each([29, 30, 32])("trees become equal (%i)", async (protocol) => {
    await using sshd = await startSshd();
    using source = temporaryDirectory();
    using destination = temporaryDirectory();
    makeHostileTree(source.path, protocol, 60);
    const ssh = optionsFor(sshd, version);
    const at = `${destination.path}/it's a "dir" $HOME *;`;
    for (let round = 0; round < 2; round += 1) {
      fs.rmSync(at, { recursive: true, force: true });
      const report = await push(sshd, ssh, source.path, at, { protocol });
      expectEqualTrees(source.path, at, { times: protocol > 30 });
      const kinds = report.entries.map((_, index) => report.status(index).kind);
      expect(new Set(kinds)).toEqual(new Set(["delivered"]));
      expect(report.errorTexts).toEqual([]);
      mutateTree(source.path, protocol, 20);
    }
  });

  test.skipIf(!hasSshd)("what cannot be put in place fails, by its name", async () => {
    await using sshd = await startSshd();
    using source = temporaryDirectory();
    using destination = temporaryDirectory();
    makeTree(source.path, { d: "a file", e: "another" });
    makeTree(destination.path, { "d/in the way": "" });
    const tree = new LocalTree(source.path);
    const directory = asBytePath(destination.path);
    const session = await Session.open(
      {
        host: "127.0.0.1",
        port: sshd.port,
        module: "",
        directory,
        ssh: optionsFor(sshd, version),
      },
      { transfer: { ...transfer, force: false }, features: { acknowledge: true } },
    );
    const report = await session.push([...walk(tree, rootPath)], tree);
    expect(report.entries.map((_, index) => report.status(index))).toEqual([
      { kind: "delivered" },
      { kind: "failed", reason: expect.stringMatching(/\bd\b/) },
      { kind: "delivered" },
    ]);
  });

  test.skipIf(!hasSshd)("a daemon is started there for a module", async () => {
    await using sshd = await startSshd();
    using source = temporaryDirectory();
    using destination = temporaryDirectory();
    makeTree(source.path, { f: "content" });
    const config = `${sshd.directory}/rsyncd.conf`;
    fs.writeFileSync(
      config,
      `use chroot = no\n[m]\npath = ${destination.path}\nread only = no\nuid = 0\ngid = 0\n`,
    );
    const program = `${sshd.directory}/rsync`;
    fs.writeFileSync(
      program,
      `#!/bin/sh\nexec ${rsyncProgram(version)} "$@" --config=${config}\n`,
      { mode: 0o755 },
    );
    const ssh = { ...optionsFor(sshd, version), program };
    await push(sshd, ssh, source.path, "", { module: "m" });
    expectEqualTrees(source.path, destination.path);
  });
});

test.skipIf(!hasSshd)("only a host whose key is known is trusted", async () => {
  await using sshd = await startSshd();
  using source = temporaryDirectory();
  using destination = temporaryDirectory();
  makeTree(source.path, { f: "content" });
  const file = `${sshd.directory}/known`;
  const name = `[127.0.0.1]:${sshd.port}`;
  const base = { ...optionsFor(sshd, "3.5.0"), knownHostsFiles: [file] };
  const attempt = (known: string, more: Partial<SshOptions> = {}) => {
    fs.writeFileSync(file, known);
    return failure(push(sshd, { ...base, ...more }, source.path, destination.path));
  };
  const [type = "", key = ""] = sshd.hostKey.split(" ");
  const otherKey = Buffer.from(key, "base64");
  otherKey[40] = (otherKey[40] ?? 0) ^ 1;
  const other = `${type} ${otherKey.toString("base64")}`;
  const salt = Buffer.alloc(20, 7);
  const hash = createHmac("sha1", salt).update(name).digest("base64");
  const hashed = `|1|${salt.toString("base64")}|${hash}`;

  expect(await attempt(`${name} ${sshd.hostKey}\n`)).toBeUndefined();
  expect(await attempt(`# comment\n${hashed} ${sshd.hostKey} me@here\n`)).toBeUndefined();
  for (const [known, text] of [
    ["", /known_hosts does not know the host/],
    [`${name} ${other}\n`, /not the one in known_hosts/],
    [`${hashed} ${other}\n`, /not the one in known_hosts/],
    [`@revoked * ${sshd.hostKey}\n${name} ${sshd.hostKey}\n`, /revoked/],
  ] as const) {
    expect(await attempt(known)).toMatchObject({
      code: "UNTRUSTED_HOST",
      retryable: false,
      message: expect.stringMatching(text),
    });
  }
  expect(
    await attempt(`${name} ${other}\n`, { strictHostKeyChecking: "accept-new" }),
  ).toMatchObject({ code: "UNTRUSTED_HOST" });
  expect(await attempt("", { strictHostKeyChecking: "accept-new" })).toBeUndefined();
  expect(fs.readFileSync(file, "utf8")).toBe(`${name} ${sshd.hostKey}\n`);
  expect(await attempt(`${name} ${other}\n`, { strictHostKeyChecking: "no" })).toBeUndefined();
});

test.skipIf(!hasSshd)("what keeps us out is told in one line", async () => {
  await using sshd = await startSshd();
  using source = temporaryDirectory();
  makeTree(source.path, { f: "content" });
  const attempt = (more: Partial<SshOptions>, destination = "/nonexistent/a/b") =>
    failure(push(sshd, { ...optionsFor(sshd, "3.5.0"), ...more }, source.path, destination));
  const noKey = `${sshd.directory}/no-key`;
  expect(await attempt({ identityFiles: [noKey] })).toMatchObject({
    code: "AUTH_FAILED",
    message: expect.stringMatching(/there is no key to try; .*no-key: ENOENT/),
  });
  expect(await attempt({ identityFiles: [`${sshd.directory}/host`] })).toMatchObject({
    code: "AUTH_FAILED",
    message: expect.stringMatching(/none of our keys is accepted/),
  });
  expect(await attempt({ program: "/nonexistent/rsync" })).toMatchObject({
    code: "REMOTE_FAILED",
    message: expect.stringMatching(
      /\/nonexistent\/rsync on 127\.0\.0\.1: .*(not found|No such file)/,
    ),
  });
  expect(await attempt({ program: "/bin/echo" })).toMatchObject({
    code: "PROTOCOL_MISMATCH",
    message: expect.stringMatching(/does the shell there print something/),
  });
  expect(await attempt({})).toMatchObject({
    name: "RsyncError",
    message: expect.stringMatching(/mkdir|No such file/),
  });
});

test("without an sshd says where nobody listens", async () => {
  const target = { host: "127.0.0.1", port: 1, module: "", ssh: { agent: "none" } };
  expect(await failure(Session.open(target, { transfer }))).toMatchObject({
    code: "CONNECTION_LOST",
    message: expect.stringMatching(/^Cannot connect to 127\.0\.0\.1:1: connection refused/),
  });
});

test.skipIf(!hasSshd)("a mirror follows changes to a directory behind ssh", async () => {
  await using sshd = await startSshd();
  using source = temporaryDirectory();
  using destination = temporaryDirectory();
  makeTree(source.path, { first: "1", "d/second": "2" });
  makeTree(destination.path, { extraneous: "" });
  const params = `-a -e 'ssh -i ${sshd.identity} -o UserKnownHostsFile=${sshd.knownHosts}'`;
  await using mirror = await startMirror({
    source: source.path,
    port: sshd.port,
    remotes: [{ module: destination.path }],
    params,
    ssh: true,
  });
  const explain = () => mirror.output().slice(-4_000);
  await untilEqualTrees(source.path, destination.path, { explain });
  makeTree(source.path, { "d/third": "3", "e/f": "4" });
  fs.rmSync(`${source.path}/first`);
  await untilEqualTrees(source.path, destination.path, { explain });
});
