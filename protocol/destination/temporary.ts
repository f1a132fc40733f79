import { randomBytes } from "node:crypto";
import { type BytePath, baseName, joinPath, parentPath } from "../path.ts";

const longestName = 255;
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const randomLetters = 6;

/**
 * A name for what is being made, beside what it will replace: `.name.XXXXXX`, shortened so that it
 * fits, never inside of a character.
 */
export function temporaryPath(path: BytePath): BytePath {
  const suffix = Array.from(randomBytes(randomLetters), (byte) => letters[byte % letters.length]);
  const room = longestName - randomLetters - 2;
  const name = baseName(path).replace(/^\./, "");
  let kept = name.slice(0, room);
  const isCut = (at: number): boolean => (name.charCodeAt(at) & 0xc0) === 0x80;
  for (let cuts = 0; cuts < 3 && isCut(kept.length); cuts += 1) kept = kept.slice(0, -1);
  return joinPath(parentPath(path), `.${kept}.${suffix.join("")}`);
}
