import type { OfferedNames } from "./agreement.ts";
import type { ChecksumName } from "./delta/checksum.ts";
import { tokenCompressions } from "./delta/compression.ts";
import type { RsyncError } from "./errors.ts";
import type { SessionFeatures } from "./handshake/argv.ts";
import { chooseName } from "./handshake/choice.ts";
import type { TransferOptions } from "./options.ts";

/** What we can compute, best first. */
export const checksums: readonly ChecksumName[] = ["xxh64", "md5"];

/**
 * What earlier sessions have learnt of one daemon. With it a handshake has no names to exchange,
 * and takes a tenth of the time (spec 3 §6).
 */
export class TargetKnowledge {
  #offered: OfferedNames = {};
  #refusesChoice = false;

  /** The choices to announce in the arguments; what is missing is exchanged with the daemon. */
  features({ compress }: TransferOptions): SessionFeatures {
    // A name that was asked for by name is not negotiated, as in rsync.
    const named = typeof compress === "string" ? { compressChoice: compress } : {};
    const { checksums: theirs, compressions } = this.#offered;
    if (theirs === undefined || this.#refusesChoice) return named;
    const checksumChoice = chooseName("checksum", checksums, theirs);
    if (compress !== true) return { checksumChoice, ...named };
    if (compressions === undefined) return {};
    const compressChoice = chooseName("compression", tokenCompressions, compressions);
    return { checksumChoice, compressChoice };
  }

  learn(offered: OfferedNames): void {
    const { checksums: before, compressions } = this.#offered;
    this.#offered = {
      checksums: offered.checksums ?? before,
      compressions: offered.compressions ?? compressions,
    };
  }

  /** A daemon that refuses the very options that spare us the exchange is asked every time. */
  sawEnd({ code, message }: RsyncError): void {
    if (code === "OPTION_REFUSED" && /-choice|new-compress/.test(message)) {
      this.#refusesChoice = true;
    }
  }
}
