const blockBytes = 64;
const round2 = 0x5a827999;
const round3 = 0x6ed9eba1;
/** The order in which the third round takes the columns of the 4 x 4 message words. */
const round3Columns = [0, 2, 1, 3] as const;

/**
 * MD4 (RFC 1320), which OpenSSL 3 no longer offers to Node by default: the checksum of daemons
 * that speak protocols below 30, and of passwords there. Not for anything that needs security.
 */
export class Md4 {
  readonly #state: Int32Array = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  readonly #words = new Int32Array(16);
  /** The bytes of a block that is not complete yet. */
  readonly #rest = new Uint8Array(blockBytes);
  #length = 0;

  update(chunk: Uint8Array): void {
    let from = 0;
    const held = this.#length % blockBytes;
    this.#length += chunk.length;
    if (held > 0) {
      from = Math.min(blockBytes - held, chunk.length);
      this.#rest.set(chunk.subarray(0, from), held);
      if (held + from < blockBytes) return;
      this.#compress(this.#rest, 0);
    }
    for (; from + blockBytes <= chunk.length; from += blockBytes) this.#compress(chunk, from);
    this.#rest.set(chunk.subarray(from));
  }

  /** The sixteen bytes; the object is spent afterwards. */
  digest(): Uint8Array {
    const length = this.#length;
    const padding = new Uint8Array(((119 - (length % blockBytes)) % blockBytes) + 9);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, length << 3, true);
    view.setUint32(padding.length - 4, Math.floor(length / 2 ** 29), true);
    this.update(padding);
    const digest = Buffer.alloc(16);
    for (let i = 0; i < 4; i += 1) digest.writeInt32LE(this.#state[i] as number, 4 * i);
    return digest;
  }

  #compress(bytes: Uint8Array, from: number): void {
    const x = this.#words;
    for (let i = 0, at = from; i < 16; i += 1, at += 4) {
      x[i] =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
    }
    mix(this.#state, x);
  }
}

/** The MD4 of `data`, sixteen bytes. */
export function md4(data: Uint8Array): Uint8Array {
  const digest = new Md4();
  digest.update(data);
  return digest.digest();
}

/** One block through the three rounds. */
function mix(state: Int32Array, x: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < 16; i += 4) {
    a = rotate(a + ((b & c) | (~b & d)) + (x[i] as number), 3);
    d = rotate(d + ((a & b) | (~a & c)) + (x[i + 1] as number), 7);
    c = rotate(c + ((d & a) | (~d & b)) + (x[i + 2] as number), 11);
    b = rotate(b + ((c & d) | (~c & a)) + (x[i + 3] as number), 19);
  }
  for (let i = 0; i < 4; i += 1) {
    a = rotate(a + majority(b, c, d) + (x[i] as number) + round2, 3);
    d = rotate(d + majority(a, b, c) + (x[i + 4] as number) + round2, 5);
    c = rotate(c + majority(d, a, b) + (x[i + 8] as number) + round2, 9);
    b = rotate(b + majority(c, d, a) + (x[i + 12] as number) + round2, 13);
  }
  for (const i of round3Columns) {
    a = rotate(a + (b ^ c ^ d) + (x[i] as number) + round3, 3);
    d = rotate(d + (a ^ b ^ c) + (x[i + 8] as number) + round3, 9);
    c = rotate(c + (d ^ a ^ b) + (x[i + 4] as number) + round3, 11);
    b = rotate(b + (c ^ d ^ a) + (x[i + 12] as number) + round3, 15);
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}

function majority(x: number, y: number, z: number): number {
  return (x & y) | (x & z) | (y & z);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
