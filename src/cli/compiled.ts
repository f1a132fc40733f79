import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const folder = path.dirname(fileURLToPath(import.meta.url));
const { extensions } = createRequire(import.meta.url);
const compile = extensions[".js"];

/**
 * Of the bundle only: the files beside this one are read with what V8 has made of them when they
 * were built, since compiling takes a third of the time of a short command. Another V8 than that
 * takes no notice of it, and compiles. None of those files has an `import()` left in it.
 */
extensions[".js"] = (module, file) => {
  const read = path.dirname(file) === folder ? readCompiled(file) : undefined;
  if (read === undefined) return compile(module, file);
  const source = Module.wrap(read.source.toString("latin1"));
  const script = new Script(source, { filename: file, cachedData: read.compiled });
  const run = script.runInThisContext() as (...given: readonly unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(file), module, file, folder);
};

/**
 * Of the source V8 compares no more than the length: what was compiled from another would run in
 * its place. And what is spoilt in the cache ends the process.
 */
function readCompiled(
  file: string,
): { readonly source: Buffer; readonly compiled: Buffer } | undefined {
  try {
    const source = readFileSync(file);
    const cache = readFileSync(`${file.slice(0, -".js".length)}.cache`);
    const compiled = cache.subarray(sumsLength);
    const isWhole = cache.subarray(0, sumsLength).equals(sumsOf(source, compiled));
    return isWhole ? { source, compiled } : undefined;
  } catch {
    return undefined;
  }
}

const sumsLength = 8;
/** Of each part of a disk that is written at one stroke a word is looked at. */
const sectorWords = 128;

/**
 * What stands in the cache before what V8 has compiled. It costs a tenth of compiling: every letter
 * of the source counts, and of what was made of it so much that no half of another one is taken.
 */
export function sumsOf(source: Buffer, compiled: Buffer): Buffer {
  return Buffer.from(Int32Array.of(sumOf(source, 1), sumOf(compiled, sectorWords)).buffer);
}

function sumOf(bytes: Buffer, step: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const { length } = words;
  let sum = bytes.length;
  for (let at = 0; at < length; at += step) sum = (Math.imul(sum, 31) + (words[at] ?? 0)) | 0;
  for (const byte of bytes.subarray(length * 4)) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}
