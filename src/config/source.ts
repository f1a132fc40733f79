import { trimBlanks } from "./blank.ts";
import type { Place } from "./mistake.ts";

/** Configuration files above this many bytes are not read: real ones have two or three thousand. */
export const maxSourceBytes: number = 1024 * 1024;

/** A configuration file as a byte string (one char per byte), whatever encoding it claims. */
export interface SourceFile {
  /** The file's name as messages show it. */
  readonly file: string;
  readonly text: string;
}

const utf8Mark = "\xef\xbb\xbf";

/**
 * The bytes of a file as a source. A UTF-8 byte order mark becomes blanks, so that offsets stay.
 *
 * The `encoding=` word is not obeyed, as sersync never did: files say ISO-8859-1 and hold UTF-8 or
 * GBK, and the bytes of a path must reach the file system as they stand.
 */
export function sourceFromBytes(file: string, bytes: Uint8Array): SourceFile {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return { file, text: text.startsWith(utf8Mark) ? `   ${text.slice(3)}` : text };
}

/** Line and column of an offset. */
export function placeAt(source: SourceFile, offset: number): Place {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) line += 1;
  return { line, column: offset - lineStart + 1 };
}

/**
 * Why this file cannot be read as sersync XML at all, or undefined.
 *
 * Asked before anything is parsed, so that a hostile or mistaken file costs nothing.
 */
export function unreadable(source: SourceFile): string | undefined {
  const { text } = source;
  if (text.length > maxSourceBytes) {
    return `the file has ${text.length} bytes; a configuration may have ${maxSourceBytes}`;
  }
  // With its mark, or with every other byte a NUL, as ASCII is in UTF-16.
  if (/^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/.test(text)) {
    return "the file is UTF-16; save it as UTF-8";
  }
  if (text.includes("\0")) return "the file holds a NUL byte; it is not text";
  if (trimBlanks(text) === "") return "the file is empty; its first element must be <head>";
  return undefined;
}
