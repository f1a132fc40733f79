import { readableCompressions } from "./delta/token-reader.ts";
import type { HandshakeRequest } from "./handshake/handshake.ts";
import { pullArguments } from "./handshake/pull-argv.ts";
import { checksums } from "./knowledge.ts";
import { type PullJob, sourceArgument } from "./pull-job.ts";
import { mayListInPieces } from "./roles/receiving-options.ts";

/** What a pull asks of the daemon: its sources, and everything in which rsync's arguments differ. */
export function requestOfPull(job: PullJob): HandshakeRequest {
  const { target, transfer, moreSources = [], senderOptions, removesSources, onMotd } = job;
  const { module, credentials, protocol } = target;
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
      convertsLists: true,
      incremental: (job.incremental ?? true) && mayListInPieces(transfer),
    },
    credentials,
    protocol,
    checksums,
    compressions: readableCompressions,
    words: (features) => pullArguments(sources, transfer, features, protocol ?? 32, more),
    onText: onMotd,
  };
}
