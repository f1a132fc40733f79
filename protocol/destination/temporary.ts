import { randomFillSync } from "node:crypto";
import { type BytePath, baseName, joinPath, parentPath } from "../path.ts";

const longestName = 255;
const letters = Buffer.from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
const randomLetters = 6;
/** Chance is drawn for so many names at a time: a draw costs more than a name. */
const namesPerDraw = 512;
let drawn = "";
let used = 0;

/**
 * A name for what is being made, beside what it will replace: `.name.XXXXXX`, shortened so that it
 * fits, never inside of a character.
 */
export function temporaryPath(path: BytePath): BytePath {
  return joinPath(parentPath(path), `.${temporaryName(path)}`);
}

/** The same without the dot, for a directory of its own. */
export function temporaryName(path: BytePath): BytePath {
  const room = longestName - randomLetters - 2;
  const whole = baseName(path);
  const name = whole.startsWith(".") ? whole.slice(1) : whole;
  if (name.length <= room) return `${name}.${randomSuffix()}` as BytePath;
  let kept = name.slice(0, room);
  const isCut = (at: number): boolean => (name.charCodeAt(at) & 0xc0) === 0x80;
  for (let cuts = 0; cuts < 3 && isCut(kept.length); cuts += 1) kept = kept.slice(0, -1);
  return `${kept}.${randomSuffix()}` as BytePath;
}

function randomSuffix(): string {
  if (used === drawn.length) {
    const bytes = randomFillSync(Buffer.alloc(namesPerDraw * randomLetters));
    for (const [at, byte] of bytes.entries()) bytes[at] = letters[byte % letters.length] as number;
    drawn = bytes.toString("latin1");
    used = 0;
  }
  used += randomLetters;
  return drawn.slice(used - randomLetters, used);
}
