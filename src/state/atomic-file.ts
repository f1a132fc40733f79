import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A path as file system calls take it: text, or bytes where it is none. */
export type NativePath = string | Buffer;

/** Pieces of about this size are written at a time; the loop turns in between. */
const pieceChars = 256 * 1024;
let written = 0;

/**
 * Writes a file so that whoever reads it, now or after a crash, finds the old content or the new
 * one whole. Only its owner can read it.
 *
 * @throws the system's error; the old content stays.
 */
export async function writeAtomically(file: NativePath, lines: Iterable<string>): Promise<void> {
  written += 1;
  const temporary = beside(file, `.${process.pid}-${written}.new`);
  // Never through a link that somebody else has put there.
  const handle = await open(temporary, "wx", 0o600);
  try {
    await writeLines(handle, lines);
    await handle.sync();
    await handle.close();
    await rename(temporary, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(file);
}

async function writeLines(handle: FileHandle, lines: Iterable<string>): Promise<void> {
  let piece = "";
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < pieceChars) continue;
    await handle.write(piece);
    piece = "";
  }
  if (piece !== "") await handle.write(piece);
}

/** The name itself must survive a power cut, too; file systems that cannot are left alone. */
async function syncDirectory(file: NativePath): Promise<void> {
  try {
    const directory = await open(directoryOf(file), "r");
    try {
      await directory.sync(); // takes as long as the disk likes: nothing may wait for it
    } finally {
      await directory.close();
    }
  } catch {
    // some file systems refuse it for directories
  }
}

function directoryOf(file: NativePath): NativePath {
  if (typeof file === "string") return dirname(file);
  return Buffer.from(dirname(file.toString("latin1")), "latin1");
}

/** The same path with something after it. */
export function beside(file: NativePath, suffix: string): NativePath {
  return typeof file === "string" ? `${file}${suffix}` : Buffer.concat([file, Buffer.from(suffix)]);
}
