import type { TransferOptions } from "../../../protocol/index.ts";
import { type OptionRule, own } from "../../config/option-rule.ts";
import { keptParts } from "../../config/option-value.ts";

/** Where parts of files are kept. */
export interface PartialFlags {
  /** `--partial-dir` has said where, if only that they stay where they are. */
  placesParts: boolean;
}

/** `--partial-dir` */
export function placing(flags: PartialFlags): OptionRule {
  return own("partial-dir=", (value, { options }) => {
    flags.placesParts = true;
    delete options.partialDir;
    Object.assign(options, keptParts(value));
    return undefined;
  });
}

/** Unless an option says where `--partial` keeps parts, the environment does. */
export function partialWith(
  options: TransferOptions,
  { placesParts }: PartialFlags,
  { RSYNC_PARTIAL_DIR: directory = "" }: Readonly<Record<string, string | undefined>>,
): TransferOptions {
  const { partial, delayUpdates, inplace, append } = options;
  const isSaid = placesParts || delayUpdates || inplace || append;
  return !partial || isSaid || directory === "" ? options : { ...options, ...keptParts(directory) };
}
