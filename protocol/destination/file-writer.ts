import fs from "node:fs";
import { withDescriptor } from "./descriptors.ts";
import { now, readFiles, type WholeFile } from "./file-batch.ts";
import { type LibC, staysOwner } from "./libc.ts";

/** A file of a batch that is not in place. */
export interface WriteFailure {
  /** Its number in the batch. */
  readonly at: number;
  /** The system's name of what is wrong, or "". */
  readonly code: string;
  readonly message: string;
}

/**
 * Puts all files of a batch in place, one after the other: each is written under a name of its own,
 * and takes its name when it is complete. One file's failure is its own.
 */
export function writeFiles(c: LibC, batch: Buffer): WriteFailure[] {
  const failures: WriteFailure[] = [];
  let at = 0;
  for (const file of readFiles(batch)) {
    try {
      writeFile(c, file);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      failures.push({ at, code, message });
    }
    at += 1;
  }
  return failures;
}

function writeFile(c: LibC, file: WholeFile): void {
  const { directory, temporary, name } = file;
  const descriptor = withDescriptor(() => c.createAt(directory, temporary));
  try {
    fill(c, descriptor, file);
    c.renameAt(directory, temporary, name);
  } catch (error) {
    remove(c, file);
    throw error;
  } finally {
    c.close(descriptor);
  }
}

function remove(c: LibC, { directory, temporary }: WholeFile): void {
  try {
    c.removeAt(directory, temporary);
  } catch {
    // why the file could not be written tells more
  }
}

function fill(c: LibC, descriptor: number, file: WholeFile): void {
  const { content, uid, gid, mode, mtimeSeconds, mtimeNanoseconds } = file;
  for (let done = 0; done < content.length; ) done += c.write(descriptor, content.subarray(done));
  if (uid !== staysOwner || gid !== staysOwner) setOwner(c, descriptor, uid, gid);
  c.setOpenMode(descriptor, mode); // after the owner, which takes special permissions away
  if (mtimeNanoseconds !== now) c.setOpenTime(descriptor, mtimeSeconds, mtimeNanoseconds);
}

/** Some file systems refuse it even where nothing changes. */
function setOwner(c: LibC, descriptor: number, uid: number, gid: number): void {
  try {
    c.setOpenOwner(descriptor, uid, gid);
  } catch (error) {
    const found = fs.fstatSync(descriptor);
    const isSame = (wanted: number, has: number): boolean =>
      wanted === staysOwner || wanted === has;
    if (!isSame(uid, found.uid) || !isSame(gid, found.gid)) throw error;
  }
}
