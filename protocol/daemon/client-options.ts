import type { TransferOptions } from "../options.ts";

/** What a client asks for: its options, as they are sent to a server (spec 1 §2). */
export interface ClientOptions {
  /** It pulls: we are the sender. */
  readonly isPull: boolean;
  readonly transfer: TransferOptions;
  /** What stands behind `-e.`: what the client understands. */
  readonly capabilities: string;
  /** `--remove-source-files`: it hears of each entry that is in place. */
  readonly acknowledges: boolean;
  /** `--delete-missing-args`: entries of mode 0 delete their names. */
  readonly deletesMissing: boolean;
  readonly ignoresMissing: boolean;
  /** Names that are not negotiated; undefined where they are. */
  readonly checksumChoice: string | undefined;
  readonly compressChoice: string | undefined;
  /** Not 0: the seed of block checksums. */
  readonly seed: number;
  readonly verbosity: number;
  /** What is as it should be is told, too. */
  readonly tellsAll: boolean;
  /** The format of its lines has `%i`. */
  readonly itemizes: boolean;
  /** `-v` or an output format: it wants to hear what is made. */
  readonly tellsNames: boolean;
  readonly listOnly: boolean;
  readonly oneFileSystem: boolean;
  readonly cvsExclude: boolean;
  /** `--no-i-r`, `--use-qsort`, `--no-recursive`. */
  readonly refusesIncremental: boolean;
  /** `--files-from`: "-" comes from the client, anything else lies in the module. */
  readonly filesFrom: string | undefined;
  /** Its names end with NULs. */
  readonly filesFrom0: boolean;
  /** `--iconv`: names are told in UTF-8, and are here as the module says. */
  readonly converts: boolean;
  /** `-s`: these are not all, a second vector follows. */
  readonly isSecluded: boolean;
  /** Options that nobody knows, as they were written. */
  readonly unknown: readonly string[];
  /** Options that this daemon knows, and has not. */
  readonly unavailable: readonly string[];
  /** All options, by their long names, or one letter where there is none. */
  readonly used: readonly string[];
  readonly paths: readonly string[];
}
