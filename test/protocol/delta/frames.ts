import { constants, inflateRawSync } from "node:zlib";

/** What the frames of a compressed token stream say. */
export type Frame = { data: Buffer } | { block: number } | { end: true };

/** Reads frames by the protocol's description; runs are told block by block. */
export function readFrames(bytes: Uint8Array): Frame[] {
  const from = Buffer.from(bytes);
  const frames: Frame[] = [];
  let [at, last] = [0, 0];
  const run = (first: number, more: number) => {
    for (let i = 0; i <= more; i += 1) frames.push({ block: first + i });
    last = first + more;
  };
  while (at < from.length) {
    const flag = from.readUInt8(at);
    if (flag === 0) {
      frames.push({ end: true });
      [at, last] = [at + 1, 0];
    } else if (flag < 0x40) {
      run(from.readInt32LE(at + 1), flag === 0x21 ? from.readUInt16LE(at + 5) : 0);
      at += flag === 0x21 ? 7 : 5;
    } else if (flag < 0x80) {
      const length = ((flag & 0x3f) << 8) | from.readUInt8(at + 1);
      frames.push({ data: from.subarray(at + 2, at + 2 + length) });
      at += 2 + length;
    } else {
      const isRun = flag >= 0xc0;
      run(last + (flag & 0x3f), isRun ? from.readUInt16LE(at + 1) : 0);
      at += isRun ? 3 : 1;
    }
  }
  return frames;
}

const marker = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The files in a deflated stream, rebuilt as a receiver of `zlibx` or `zlib` does it. */
export function inflateFiles(
  bytes: Uint8Array,
  blockBytes: (block: number) => Buffer,
  { feedsMatches }: { feedsMatches: boolean },
): Buffer[] {
  const files: Buffer[] = [];
  const state = { deflated: [] as Buffer[], file: [] as Buffer[], inflated: 0 };
  const takeLiteral = () => {
    const stream = Buffer.concat([...state.deflated, marker]);
    const all = inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH });
    state.file.push(all.subarray(state.inflated));
    state.inflated = all.length;
    state.deflated = [stream];
  };
  const frames = readFrames(bytes);
  frames.forEach((frame, i) => {
    if ("data" in frame) {
      state.deflated.push(frame.data);
      const following = frames[i + 1];
      if (following === undefined || !("data" in following)) takeLiteral();
    } else if ("block" in frame) {
      state.file.push(blockBytes(frame.block));
      if (!feedsMatches) return;
      state.deflated.push(...storedBlocks(blockBytes(frame.block)));
      state.inflated += blockBytes(frame.block).length;
    } else {
      files.push(Buffer.concat(state.file));
      Object.assign(state, { deflated: [], file: [], inflated: 0 });
    }
  });
  return files;
}

function storedBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 0xffff) {
    const piece = bytes.subarray(at, at + 0xffff);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(piece.length, 1);
    head.writeUInt16LE(piece.length ^ 0xffff, 3);
    blocks.push(head, piece);
  }
  return blocks;
}

/** What a frame of an lz4 stream adds to the file by itself: its block, read strictly. */
export function lz4Literal(frame: Frame): Buffer {
  return "data" in frame ? lz4Block(frame.data) : Buffer.alloc(0);
}

function lz4Block(block: Buffer): Buffer {
  const out: number[] = [];
  let at = 0;
  const long = (length: number) => {
    if (length < 15) return length;
    let [sum, byte] = [length, 255];
    for (; byte === 255; at += 1) {
      byte = block.readUInt8(at);
      sum += byte;
    }
    return sum;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literal = long(token >>> 4);
    out.push(...block.subarray(at, at + literal));
    at += literal;
    if (at === block.length) break;
    const distance = block.readUInt16LE(at);
    at += 2;
    if (distance === 0 || distance > out.length) throw new RangeError("bad distance");
    const length = 4 + long(token & 15);
    for (let i = 0; i < length; i += 1) out.push(out[out.length - distance] as number);
  }
  return Buffer.from(out);
}
