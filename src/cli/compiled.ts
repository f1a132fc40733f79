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
    const compiled = cache.subarray(headLength, cache.length - source.length);
    const isOfSource = cache.subarray(headLength + compiled.length).equals(source);
    const isWhole = cache.subarray(0, headLength).equals(headOf(compiled));
    return isOfSource && isWhole ? { source, compiled } : undefined;
  } catch {
    return undefined;
  }
}

/** What stands in a cache: a head, what V8 has compiled, and what it has compiled that from. */
export function cacheOf(source: Buffer, compiled: Buffer): Buffer {
  return Buffer.concat([headOf(compiled), compiled, source]);
}

const headLength = 8;
/** Of each part of a disk that is written at one stroke a word is looked at. */
const sectorWords = 128;

/** So much of what was compiled counts that no half of another one is taken. */
function headOf(compiled: Buffer): Buffer {
  const { buffer, byteOffset, length } = compiled;
  const words = new Int32Array(buffer, byteOffset, length >> 2);
  let sum = length;
  for (let at = 0; at < words.length; at += sectorWords) {
    sum = (Math.imul(sum, 31) + (words[at] ?? 0)) | 0;
  }
  return Buffer.from(Int32Array.of(length, sum).buffer);
}
