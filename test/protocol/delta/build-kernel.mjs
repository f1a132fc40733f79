// Writes protocol/delta/match-wasm.ts from match.wat. Run it after changing the kernel:
//   node test/protocol/delta/build-kernel.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openWabt from "wabt";

const source = new URL("../../../protocol/delta/match.wat", import.meta.url);
const target = new URL("../../../protocol/delta/match-wasm.ts", import.meta.url);

/** The text of match-wasm.ts that belongs to match.wat. */
export async function kernelModule() {
  const wabt = await openWabt();
  const module = wabt.parseWat("match.wat", readFileSync(source, "utf8"), { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return `/** match.wat as WebAssembly, in base64; written by test/protocol/delta/build-kernel.mjs. */
export const matchWasm: string =
  "${Buffer.from(buffer).toString("base64")}";
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, await kernelModule());
}
