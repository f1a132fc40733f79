import { describe, expect, test } from "vitest";
import { chooseBlockLength, chooseStrongLength } from "../../../protocol/delta/block-size.ts";
import { openTokens } from "../../../protocol/delta/compression.ts";
import { BlockMatcher } from "../../../protocol/delta/match.ts";
import { loadStrongChecksum } from "../../../protocol/delta/strong.ts";
import { BlockSums, basisLength, readSumHead, writeSumHead } from "../../../protocol/delta/sums.ts";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { hex } from "../../support/bytes.ts";
import { type Frame, inflateFiles, lz4Literal, readFrames } from "./frames.ts";
import { type RecordedFile, recordedFiles, recordedHeads } from "./recorded.ts";
import { contentOf } from "./vectors.mjs";

const strong = await loadStrongChecksum("md5", 12345, { seedFix: true });

describe.each(recordedHeads)("at protocol $protocol", ({ protocol, heads }) => {
  test.each(heads)("the head %s is what we would choose for its basis", (bytes) => {
    const head = readSumHead(new Cursor(hex(bytes)), 16, protocol);
    expect(Buffer.from(encoded((to) => writeSumHead(to, head))).toString("hex")).toBe(bytes);
    const size = basisLength(head);
    const blockLength = chooseBlockLength(size, protocol);
    expect(head).toMatchObject({
      blockLength,
      strongLength: chooseStrongLength(size, blockLength, 16),
      count: Math.ceil(size / blockLength),
      remainder: size % blockLength,
    });
  });
});

/** Our answer to the recorded request. */
function answer({ request, file }: RecordedFile, compression: string | undefined): Buffer {
  const from = new Cursor(hex(request));
  const sums = new BlockSums(readSumHead(from, strong.length));
  expect(sums.read(from)).toBe(true);
  const bytes = encoded((to) => {
    const tokens = openTokens(compression, to, undefined);
    const matcher = new BlockMatcher(sums, strong, tokens);
    matcher.feed(contentOf(file));
    matcher.finish();
    tokens.end();
  });
  return Buffer.from(bytes);
}

const blocksOf = (frames: readonly Frame[]) => frames.filter((frame) => !("data" in frame));

describe.each(recordedFiles)("asked for the file $name", (file) => {
  const content = contentOf(file.file);
  const basis = contentOf(file.basis);
  const blockOf = (block: number) => basis.subarray(block * 700, (block + 1) * 700);

  function decode(bytes: Uint8Array, compression: "zlib" | "zlibx" | "lz4"): Buffer {
    if (compression !== "lz4") {
      const feedsMatches = compression === "zlib";
      return inflateFiles(bytes, blockOf, { feedsMatches })[0] ?? Buffer.alloc(0);
    }
    return Buffer.concat(
      readFrames(bytes).map((frame) =>
        "block" in frame ? blockOf(frame.block) : lz4Literal(frame),
      ),
    );
  }

  test("we answer with the very bytes of rsync", () => {
    expect(answer(file, undefined).toString("hex")).toBe(file.plain);
  });

  test.each(["zlib", "zlibx", "lz4"] as const)("%s has rsync's blocks and the file", (kind) => {
    const theirs = hex(file[kind]);
    const ours = answer(file, kind);
    expect(decode(theirs, kind).equals(content)).toBe(true);
    expect(decode(ours, kind).equals(content)).toBe(true);
    expect(blocksOf(readFrames(ours))).toEqual(blocksOf(readFrames(theirs)));
    expect(ours.length).toBeLessThanOrEqual(theirs.length * 1.05 + 8);
  });
});
