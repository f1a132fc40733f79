import { RsyncError } from "../errors.ts";
import type { CompressionName } from "../options.ts";
import { CompressedTokens, type LiteralCodec } from "./compressed-tokens.ts";
import { DeflateCodec } from "./deflate.ts";
import { Lz4Codec } from "./lz4.ts";
import { PlainTokens, type TokenOutput, type TokenWriter } from "./tokens.ts";
import { hasZstd, ZstdCodec } from "./zstd.ts";

type OpenCodec = (level: number | undefined) => LiteralCodec;

const codecs: Readonly<Record<CompressionName, OpenCodec>> = {
  zstd: (level) => new ZstdCodec(level),
  zlibx: (level) => new DeflateCodec({ level }),
  zlib: (level) => new DeflateCodec({ level, feedsMatches: true }),
  lz4: () => new Lz4Codec(),
};

/**
 * Compressions we can write, best first. Whoever asks for compression is short of bandwidth: lz4,
 * which saves least, comes last.
 */
export const tokenCompressions: readonly CompressionName[] = hasZstd
  ? ["zstd", "zlibx", "zlib", "lz4"]
  : ["zlibx", "zlib", "lz4"];

/**
 * The token writer of a session; it serves all its files, one after the other.
 *
 * `level` counts as the compression itself counts; 0 turns zlib and zlibx off, as in rsync.
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH for a compression we cannot write.
 */
export function openTokens(
  compression: string | undefined,
  output: TokenOutput,
  level: number | undefined,
): TokenWriter {
  if (compression === undefined) return new PlainTokens(output);
  const name = tokenCompressions.find((known) => known === compression);
  if (name === undefined) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot compress: "${compression}" was agreed, this Node has ${tokenCompressions.join(", ")}`,
    );
  }
  if (level === 0 && name.startsWith("zlib")) return new PlainTokens(output);
  return new CompressedTokens(output, codecs[name](level));
}
