import type { Agreement } from "./agreement.ts";
import { readableCompressions } from "./delta/token-reader.ts";
import { encodeNames } from "./handshake/files-from.ts";
import type { HandshakeRequest } from "./handshake/handshake.ts";
import { pullArguments } from "./handshake/pull-argv.ts";
import { checksums } from "./knowledge.ts";
import type { Output } from "./mux/mux.ts";
import { RawOutput } from "./mux/raw.ts";
import { type PullJob, sourceArgument } from "./pull-job.ts";
import { mayListInPieces } from "./roles/receiving-options.ts";
import type { Sink } from "./transport/sink.ts";

/** What a pull asks of the daemon: its sources, and everything in which rsync's arguments differ. */
export function requestOfPull(job: PullJob): HandshakeRequest {
  const {
    target,
    transfer,
    moreSources = [],
    senderOptions,
    removesSources,
    filesFrom,
    onMotd,
  } = job;
  const { module, credentials, earlyInput, protocol } = target;
  const sources = [target, ...moreSources].map((source) => sourceArgument(job, source));
  const { compress, checksumChoice, checksumSeed, skipCompress } = transfer;
  const more = [
    ...(checksumSeed ? [`--checksum-seed=${checksumSeed}`] : []),
    ...(skipCompress ? [`--skip-compress=${skipCompress.join("/")}`] : []),
    ...(senderOptions ?? []),
  ];
  const named = {
    ...(typeof compress === "string" && { compressChoice: compress }),
    ...(checksumChoice !== undefined && { checksumChoice }),
  };
  return {
    module,
    destination: sources[0] as string,
    options: transfer,
    features: {
      ...named,
      acknowledge: removesSources ?? false,
      filesFrom,
      incremental: (job.incremental ?? true) && mayListInPieces(transfer),
    },
    credentials,
    earlyInput,
    protocol,
    checksums,
    compressions: readableCompressions,
    words: (features) => pullArguments(sources, transfer, features, protocol ?? 32, more),
    onText: onMotd,
  };
}

/**
 * Sends the names of what is fetched, where they are ours to tell. Before protocol 31 they stand
 * between frames, not in them.
 *
 * @returns how many bytes went past `output`.
 * @throws {RsyncError} BAD_OPTION for a name that holds a NUL.
 */
export function sendNames(
  { filesFrom }: Pick<PullJob, "filesFrom">,
  output: Output,
  sink: Sink,
  { protocol }: Agreement,
): number {
  if (filesFrom === undefined || "file" in filesFrom) return 0;
  const isFramed = protocol >= 31;
  const to = isFramed ? output : new RawOutput(sink);
  to.bytes(encodeNames(filesFrom.names));
  to.flush();
  return isFramed ? 0 : to.bytesSent;
}
