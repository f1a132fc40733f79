import type { Cursor } from "../wire/cursor.ts";
import type { ClientLine } from "./client-line.ts";
import { Refusal } from "./refusal.ts";

/** rsync's own limits: 4 KiB of path and something around it, and so many words. */
const longestWord = 5120;
const mostWords = 16_000;
const mostBytes = 1024 * 1024;

/**
 * Reads a vector of arguments: each ends with a NUL, or with a line's end before protocol 30; an
 * empty one is the last (spec 1 §2.1).
 *
 * @returns byte strings. @throws {Refusal} for more than the limits.
 */
export async function readArguments(line: ClientLine, end: "\0" | "\n"): Promise<string[]> {
  const words: string[] = [];
  const decode = (from: Cursor): string => readWord(from, end.charCodeAt(0));
  for (let bytes = 0; ; ) {
    const word = await line.read(decode);
    if (word === "") return words;
    bytes += word.length;
    if (words.length === mostWords || bytes > mostBytes) {
      throw new Refusal("too many arguments");
    }
    words.push(word);
  }
}

function readWord(from: Cursor, end: number): string {
  let word = "";
  for (;;) {
    const byte = from.uint8();
    if (byte === end) return word;
    if (word.length === longestWord) throw new Refusal("an argument is too long");
    if (byte !== 0x0d || end !== 0x0a) word += String.fromCharCode(byte);
  }
}

/** Takes `length` bytes off the line, which nobody wants. */
export async function skipBytes(line: ClientLine, length: number): Promise<void> {
  await line.read((from) => from.bytes(length));
}

/** Since 3.2.4 clients put a backslash before what a shell would not leave alone (spec 1 §2.1). */
export function withoutBackslashes(words: readonly string[]): string[] {
  const end = words.indexOf(".");
  return words.map((word, at) =>
    end >= 0 && at > end ? word : word.replaceAll(/\\([\s\S])/g, "$1"),
  );
}
