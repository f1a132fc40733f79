import { type Dir, opendirSync } from "node:fs";
import type { Stepwise } from "../flist/stepwise.ts";

/** From so many bytes on, as lstat says them, a directory may have thousands of names. */
export const longDirectory: number = 128 * 1024;
/** Names are taken from the system, and given on, so many at a time: some milliseconds. */
const perStep = 4_096;

/**
 * Names in a {@link longDirectory}, as byte strings, in steps: a million take a second.
 *
 * @param native what calls take for it at the time of the first step.
 * @throws what the system says.
 */
export function* readNames(native: string | Buffer): Stepwise<string[]> {
  const options = { encoding: "latin1" as BufferEncoding, bufferSize: perStep };
  const directory = opendirSync(native as string, options);
  const names: string[] = [];
  try {
    for (let name = nextName(directory); name !== undefined; name = nextName(directory)) {
      names.push(name);
      if (names.length % perStep === 0) yield;
    }
  } finally {
    directory.closeSync();
  }
  return names;
}

/** Where the file system tells no types Node asks for each, and may fail: then it is unreadable. */
function nextName(directory: Dir): string | undefined {
  try {
    return directory.readSync()?.name;
  } catch (cause) {
    const text = `its names cannot be read: ${(cause as Error).message}`;
    throw Object.assign(new Error(text, { cause }), { code: "EIO" });
  }
}
