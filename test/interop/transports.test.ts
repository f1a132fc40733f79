import { expect, test } from "vitest";
import { rootPath } from "../../protocol/path.ts";
import { Session } from "../../protocol/session.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { walk } from "../../protocol/source/walk.ts";
import type { Target } from "../../protocol/target.ts";
import { makeCertificates } from "../support/certificates.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { startProxy, startTlsTerminator } from "../support/servers.ts";
import { expectEqualTrees, temporaryDirectory } from "../support/tree.ts";

const certificates = makeCertificates("127.0.0.1");
const transfer = { recursive: true, links: true, perms: true, times: true, force: true };

async function push(target: Partial<Target>, root: string): Promise<void> {
  const tree = new LocalTree(root);
  const session = await Session.open(
    { host: "127.0.0.1", module: "m", ...target },
    { transfer, features: { acknowledge: true }, timeoutMs: 10_000, handshakeTimeoutMs: 5_000 },
  );
  const report = await session.push([...walk(tree, rootPath)], tree);
  const kinds = report.entries.map((_, index) => report.status(index).kind);
  expect(new Set(kinds)).toEqual(new Set(["delivered"]));
}

describeDaemons("over another transport", (version) => {
  test.skipIf(certificates === undefined)("TLS: trees become equal", async () => {
    if (certificates === undefined) return;
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    await using terminator = await startTlsTerminator(daemon.port, certificates);
    using source = temporaryDirectory();
    makeHostileTree(source.path, 61, 60);
    const { ca } = certificates;
    await push({ port: terminator.port, tls: { ca } }, source.path);
    expectEqualTrees(source.path, daemon.path("m"));
  });

  test("an HTTP proxy: trees become equal, twice", async () => {
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    await using proxy = await startProxy({ secret: "me:se:cret" });
    using source = temporaryDirectory();
    const through = { host: "127.0.0.1", port: proxy.port, user: "me", password: "se:cret" };
    for (const seed of [62, 63]) {
      makeHostileTree(source.path, seed, 30);
      await push({ port: daemon.port, proxy: through }, source.path);
      expectEqualTrees(source.path, daemon.path("m"));
    }
    expect(proxy.heads[0]).toMatch(
      /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.0\r\nProxy-Auth.*\r\n\r\n$/s,
    );
  });

  test.skipIf(certificates === undefined)("TLS through a proxy", async () => {
    if (certificates === undefined) return;
    await using daemon = await startDaemon({ version, modules: { m: {} } });
    await using terminator = await startTlsTerminator(daemon.port, certificates, {
      asksForCertificate: true,
    });
    await using relay = await startProxy({ answersAtOnce: true });
    using source = temporaryDirectory();
    makeHostileTree(source.path, 64, 30);
    const proxy = { host: "127.0.0.1", port: relay.port };
    const tls = certificates;
    await push({ port: terminator.port, proxy, tls }, source.path);
    mutateTree(source.path, 64, 10);
    const { ca } = certificates;
    await expect(
      push({ port: terminator.port, proxy, tls: { ca } }, source.path),
    ).rejects.toMatchObject({
      name: "RsyncError",
    });
  });
});
