// Writes protocol/delta/match-wasm.ts from match.wat and xxh64-wasm.ts from xxh64.wat. Run it after
// changing one of them:
//   node test/protocol/delta/build-kernel.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openWabt from "wabt";

const folder = new URL("../../../protocol/delta/", import.meta.url);

/** What is written in WebAssembly's text format. */
export const kernels = ["match", "xxh64"];

/** The text of the module that belongs to a kernel's text. */
export async function kernelModule(name) {
  const wabt = await openWabt();
  const text = readFileSync(new URL(`${name}.wat`, folder), "utf8");
  const module = wabt.parseWat(`${name}.wat`, text, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return `/** ${name}.wat as WebAssembly, in base64; written by test/protocol/delta/build-kernel.mjs. */
export const ${name}Wasm: string =
  "${Buffer.from(buffer).toString("base64")}";
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of kernels) {
    writeFileSync(new URL(`${name}-wasm.ts`, folder), await kernelModule(name));
  }
}
