import fs from "node:fs";
import path from "node:path";
import { RsyncError } from "../../protocol/errors.ts";
import type { FileEntry } from "../../protocol/flist/entry.ts";
import { EntryWriter } from "../../protocol/flist/entry-writer.ts";
import { asBytePath } from "../../protocol/path.ts";
import type { PullJob } from "../../protocol/pull-job.ts";
import type { PullResult } from "../../protocol/pull-report.ts";
import { runPull } from "../../protocol/puller.ts";
import type { Target } from "../../protocol/target.ts";
import { encoded, type Writer } from "../../protocol/wire/writer.ts";
import { startPeer } from "../support/peer.ts";
import { makeTree, readTree, temporaryDirectory } from "../support/tree.ts";
import { frame } from "./mux/frames.ts";
import { converse, ready, type Step } from "./scripted-daemon.ts";

/** The entries of a session whose agreement is that of a stock daemon, with these options. */
export const format = {
  varintFlags: true,
  nanoseconds: true,
  owner: false,
  group: false,
  links: true,
  devices: false,
  deviceOfSpecials: false,
  digestLength: 0,
  hardLinks: false,
};

/** Our checksum's name, then a frame of rules: what comes next is the file list. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the wire is made of them
export const chosen: RegExp = /xxh64.*\x04\x00\x00\x07/s;

/** A file of five bytes, or what `rest` says. */
export function entry(name: string, rest: Partial<FileEntry> = {}): FileEntry {
  const times = { mtimeSeconds: 1, mtimeNanoseconds: 0, uid: 0, gid: 0 };
  return { path: asBytePath(name), mode: 0o100644, size: 5, ...times, ...rest };
}

/** A directory with its content. */
export const directory: (name: string) => FileEntry = (name) =>
  entry(name, { mode: 0o40755, hasContent: true });
/** A symlink, which leads to `linkTarget`. */
export const symlink: (name: string, linkTarget: string) => FileEntry = (name, linkTarget) =>
  entry(name, { mode: 0o120777, linkTarget });

/** A file list in a frame. */
export function listOf(...entries: readonly FileEntry[]): Buffer {
  return data(listWriter(...entries));
}

/** Writes one list after the other, as the entries of one session. */
export function listWriter(...entries: readonly FileEntry[]): (to: Writer) => void {
  return (to) => {
    const writer = new EntryWriter(format);
    for (const each of entries) writer.write(to, each);
    to.uint8(0);
    to.uint8(0);
  };
}

/** A frame of data. */
export function data(write: (to: Writer) => void): Buffer {
  return frame(0, encoded(write));
}

/** What became of a pull from a scripted daemon. */
export interface Pulled {
  readonly error: RsyncError | undefined;
  readonly result: PullResult | undefined;
  /** Everything in and around the destination, which is `in`. */
  readonly names: readonly string[];
  readonly content: string | undefined;
}

interface ScriptedPull {
  readonly setUp?: Buffer;
  /** Default: all that is in the module. */
  readonly from?: Pick<Target, "directory" | "namesFile">;
}

/** Pulls into a directory that has the file "a"; what is around it must stay as it is. */
export async function pullFrom(
  steps: readonly Step[],
  { setUp = ready, from, ...more }: Partial<PullJob> & ScriptedPull = {},
): Promise<Pulled> {
  using work = temporaryDirectory();
  makeTree(work.path, { "in/a": "old", "out/secret": "s" });
  await using peer = await startPeer(converse([[/^/, setUp], ...steps]));
  let result: PullResult | undefined;
  let error: RsyncError | undefined;
  try {
    result = await runPull({
      target: { host: "127.0.0.1", port: peer.port, module: "m", ...from },
      destination: path.join(work.path, "in"),
      transfer: { recursive: true, links: true, times: true, wholeFile: true },
      timeoutMs: 2_000,
      ...more,
    });
  } catch (thrown) {
    if (!(thrown instanceof RsyncError)) throw thrown;
    error = thrown;
  }
  const file = path.join(work.path, "in/a");
  const content = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  return { error, result, names: [...readTree(work.path).keys()].sort(), content };
}
