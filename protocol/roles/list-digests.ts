import type { Digest, StrongChecksum } from "../delta/checksum.ts";
import { loadStrongChecksum } from "../delta/strong.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import type { FileSource, OpenFile } from "../source/source.ts";
import { Pace, stepBytes } from "./pace.ts";

/** Opening and reading a small file counts for so much in a step. */
const bytesPerFile = 4 * 1024;
/** Reading is synchronous and a step is used up before the next begins, so all sessions share it. */
const step = Buffer.allocUnsafeSlow(stepBytes);

/**
 * Adds the sum of its content to every regular file, for lists that are compared by it.
 *
 * A file that cannot be read stays without one: it differs from whatever is there, is asked for,
 * and fails then, which is where failures are told.
 */
export async function withDigests(
  entries: readonly FileEntry[],
  source: FileSource,
  strong: StrongChecksum,
  wait: () => Promise<void>,
): Promise<FileEntry[]> {
  const pace = new Pace(wait);
  const sums = await listChecksum(strong);
  const list: FileEntry[] = [];
  for (const entry of entries) {
    const digest = isRegularFile(entry) ? await digestOf(entry, source, sums, pace) : undefined;
    list.push(digest === undefined ? entry : { ...entry, digest });
    if (pace.isDue) await pace.take();
  }
  return list;
}

/** Sums of lists are never seeded (spec 1 §7.7). */
async function listChecksum(strong: StrongChecksum): Promise<StrongChecksum> {
  return strong.name === "old-md4" ? loadStrongChecksum("md4", 0, { seedFix: false }) : strong;
}

async function digestOf(
  entry: FileEntry,
  source: FileSource,
  sums: StrongChecksum,
  pace: Pace,
): Promise<Uint8Array | undefined> {
  let file: OpenFile | undefined;
  pace.spend(bytesPerFile);
  try {
    file = source.open(entry.servedBy ?? entry);
    if (file === undefined || file.state() === "replaced") return undefined;
    return await contentDigest(file, sums.start(), pace);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  } finally {
    file?.close();
  }
}

async function contentDigest(file: OpenFile, digest: Digest, pace: Pace): Promise<Uint8Array> {
  for (let position = 0; ; ) {
    const length = file.read(step, stepBytes, position);
    if (length === 0) return digest.digest();
    digest.update(step.subarray(0, length));
    position += length;
    pace.spend(length);
    if (pace.isDue) await pace.take();
  }
}
