import type { IndexTables } from "./block-index.ts";
import { type KernelSize, PlainKernel, type ScanKernel } from "./kernel.ts";
import { matchWasm } from "./match-wasm.ts";

/** The part of the WebAssembly API that is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
};

/** What match.wat exports. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  configure(
    bitmap: number,
    bitmapShift: number,
    heads: number,
    bucketShift: number,
    next: number,
    weak: number,
    blockLength: number,
  ): void;
  scan(from: number, to: number, weak: number): number;
  sum(from: number, to: number): number;
}

const pageBytes = 64 * 1024;
/** The first bytes hold the sum a scan ends with; the tables begin behind them. */
const firstTable = 64;
/** Instances kept for the next search, and how large each may have grown. */
const keptInstances = 4;
const keptBytes = 8 * 1024 * 1024;

const idle: KernelExports[] = [];
let compiled: object | "unavailable" | undefined;

/** The fastest kernel that runs here: WebAssembly with SIMD, otherwise TypeScript. */
export function openKernel(size: KernelSize): ScanKernel {
  compiled ??= compile();
  return compiled === "unavailable" ? new PlainKernel(size) : new WasmKernel(compiled, size);
}

/** Compiled once per thread; "unavailable" where there is no WebAssembly, or none with SIMD. */
function compile(): object | "unavailable" {
  try {
    return new WebAssembly.Module(Buffer.from(matchWasm, "base64"));
  } catch {
    return "unavailable";
  }
}

/** The kernel of match.wat. Its memory holds the tables and, behind them, the window. */
class WasmKernel implements ScanKernel {
  readonly window: Uint8Array;
  readonly tables: IndexTables;
  readonly #exports: KernelExports;
  readonly #result: Uint32Array;
  readonly #windowAt: number;

  constructor(module: object, size: KernelSize) {
    const { bitmapBits, buckets, blocks } = size.index;
    this.#exports = idle.pop() ?? (new WebAssembly.Instance(module).exports as KernelExports);
    const heads = firstTable + bitmapBits / 8;
    const next = heads + 4 * buckets;
    const weak = next + 4 * blocks;
    this.#windowAt = Math.ceil((weak + 4 * blocks) / 16) * 16;
    const buffer = grow(this.#exports.memory, this.#windowAt + size.windowBytes);
    this.#result = new Uint32Array(buffer, 0, 1);
    this.window = new Uint8Array(buffer, this.#windowAt, size.windowBytes);
    this.tables = {
      bitmap: new Int32Array(buffer, firstTable, bitmapBits / 32),
      heads: new Int32Array(buffer, heads, buckets),
      next: new Int32Array(buffer, next, blocks),
      weak: new Int32Array(buffer, weak, blocks),
    };
    const [bitmapShift, bucketShift] = [32 - Math.log2(bitmapBits), 32 - Math.log2(buckets)];
    const { blockLength } = size;
    this.#exports.configure(firstTable, bitmapShift, heads, bucketShift, next, weak, blockLength);
  }

  get weak(): number {
    return this.#result[0] as number;
  }

  sum(offset: number, length: number): number {
    const from = this.#windowAt + offset;
    return this.#exports.sum(from, from + length) >>> 0;
  }

  scan(from: number, to: number, weak: number): number {
    const at = this.#windowAt;
    return this.#exports.scan(at + from, at + to, weak) - at;
  }

  release(): void {
    const { byteLength } = this.#exports.memory.buffer;
    if (idle.length < keptInstances && byteLength <= keptBytes) idle.push(this.#exports);
  }
}

function grow(memory: KernelExports["memory"], bytes: number): ArrayBuffer {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  if (missing > 0) memory.grow(missing);
  return memory.buffer;
}
