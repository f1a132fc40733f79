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
  const compiled = path.dirname(file) === folder ? compiledOf(file) : undefined;
  if (compiled === undefined) return compile(module, file);
  const source = Module.wrap(readFileSync(file, "latin1"));
  const script = new Script(source, { filename: file, cachedData: compiled });
  const run = script.runInThisContext() as (...given: readonly unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(file), module, file, folder);
};

function compiledOf(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file.slice(0, -".js".length)}.cache`);
  } catch {
    return undefined;
  }
}
