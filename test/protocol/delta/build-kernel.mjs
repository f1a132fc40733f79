// Writes the modules of WebAssembly in protocol/delta from their texts. Run it after changing one:
//   node test/protocol/delta/build-kernel.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openWabt from "wabt";

/** The kernels in protocol/delta. */
export const kernels = ["match", "xxh64"];

/** Where a file of protocol/delta is. */
export function kernelFile(name) {
  return new URL(`../../../protocol/delta/${name}`, import.meta.url);
}

/** The text of the module that belongs to a kernel's text. */
export async function kernelModule(name) {
  const wabt = await openWabt();
  const source = readFileSync(kernelFile(`${name}.wat`), "utf8");
  const module = wabt.parseWat(`${name}.wat`, source, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return `/** ${name}.wat as WebAssembly, in base64; written by test/protocol/delta/build-kernel.mjs. */
export const ${name}Wasm: string =
  "${Buffer.from(buffer).toString("base64")}";
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of kernels)
    writeFileSync(kernelFile(`${name}-wasm.ts`), await kernelModule(name));
}
