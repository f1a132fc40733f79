import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readableCompressions } from "../../protocol/delta/token-reader.ts";
import {
  type CompressionName,
  createDaemon,
  type Daemon,
  pull,
  push,
} from "../../protocol/index.ts";
import { exactly } from "../support/archive.ts";
import {
  type DaemonVersion,
  daemonVersions,
  type Daemon as StockDaemon,
  startDaemon,
} from "../support/daemon.ts";
import { makeHostileTree, mutateTree } from "../support/hostile.ts";
import { runRsync } from "../support/served.ts";
import { expectEqualTrees, type TemporaryDirectory, temporaryDirectory } from "../support/tree.ts";

const ours = "sersync";
type Kind = DaemonVersion | typeof ours;
type Compression = CompressionName | "none";

/** What a session of each protocol may be compressed with; zstd where this Node has it. */
const compressions: Readonly<Record<number, readonly Compression[]>> = {
  27: ["zlib", "none"],
  28: ["zlib", "none"],
  29: ["none", "zlib"],
  30: ["zlib", "none"],
  31: ["zlibx", "none", "zlib"],
  32: ["none", "lz4", "zlibx", ...(readableCompressions.includes("zstd") ? ["zstd" as const] : [])],
};

const newestOf: Readonly<Record<Kind, number>> = { "3.2.7": 31, "3.5.0": 32, sersync: 32 };

/** Every pair in which one side is ours. */
const pairs: readonly (readonly [client: Kind, daemon: Kind])[] = [
  ["3.5.0", ours],
  ["3.2.7", ours],
  [ours, "3.5.0"],
  [ours, "3.2.7"],
  [ours, ours],
];

interface Served {
  readonly port: number;
  readonly path: string;
}

let work: TemporaryDirectory;
let own: Daemon;
const stock: StockDaemon[] = [];
const served: Partial<Record<Kind, Served>> = {};

beforeAll(async () => {
  work = temporaryDirectory();
  const root = path.join(work.path, "served");
  fs.mkdirSync(root);
  own = createDaemon({ modules: [{ name: "m", path: root, readOnly: false }] });
  served[ours] = { port: (await own.listen(0)).port, path: root };
  for (const version of daemonVersions) {
    const daemon = await startDaemon({ version, modules: { m: {} } });
    stock.push(daemon);
    served[version] = { port: daemon.port, path: daemon.path("m") };
  }
});

afterAll(async () => {
  await own.close({ graceMs: 0 });
  for (const daemon of stock) await daemon.remove();
  work[Symbol.dispose]();
});

interface Session {
  readonly client: Kind;
  readonly direction: "push" | "pull";
  readonly protocol: number;
  readonly compression: Compression;
  readonly here: string;
  readonly url: string;
}

/** Makes one side equal to the other, what is missing deleted. @returns exit code and complaints. */
async function run(session: Session): Promise<object> {
  const { client, direction, protocol, compression, here, url } = session;
  if (client === ours) {
    const compress = compression === "none" ? false : compression;
    const options = { protocol, transfer: { ...exactly, compress } };
    const isPush = direction === "push";
    const { exitCode } = await (isPush ? push(here, url, options) : pull(url, here, options));
    return { code: exitCode, output: "", errors: "" };
  }
  const places = direction === "push" ? [`${here}/`, url] : [url, `${here}/`];
  const words = ["-aH", "--delete", `--protocol=${protocol}`, ...compressing(session), ...places];
  return runRsync(client, words);
}

/** Only since protocol 30 names are told; before there was zlib. */
function compressing({ compression, protocol }: Session): string[] {
  if (compression === "none") return [];
  return compression === "zlib" && protocol < 31 ? ["-z"] : ["-z", `--zc=${compression}`];
}

describe.each(pairs)("client %s, daemon %s", (client, daemon) => {
  const isHere = [client, daemon].every(
    (kind) => kind === ours || daemonVersions.some((version) => version === kind),
  );
  const newest = Math.min(newestOf[client], newestOf[daemon]);
  const protocols = [27, 28, 29, 30, 31, 32].filter((protocol) => protocol <= newest);
  const cases = protocols.flatMap((protocol) => [
    ["push", protocol, compressions[protocol] ?? []] as const,
    ["pull", protocol, compressions[protocol] ?? []] as const,
  ]);

  test.skipIf(!isHere).each(cases)(
    "%s, protocol %i, %j: random trees become equal, changed and pruned ones too",
    async (direction, protocol, names) => {
      const { port, path: there } = served[daemon] as Served;
      const here = path.join(work.path, "here");
      for (const root of [here, there]) {
        fs.rmSync(root, { recursive: true, force: true });
        fs.mkdirSync(root);
      }
      const [source, destination] = direction === "push" ? [here, there] : [there, here];
      const url = `rsync://127.0.0.1:${port}/m/`;
      makeHostileTree(source, protocol + daemon.length, 70);
      for (const [round, compression] of names.entries()) {
        const ran = await run({ client, direction, protocol, compression, here, url });
        expect(ran).toEqual({ code: 0, output: "", errors: "" });
        // Nanoseconds travel since protocol 31.
        expectEqualTrees(source, destination, { times: protocol > 30, owners: true });
        mutateTree(source, protocol * 10 + round, 30);
      }
    },
  );
});
