import type { TransferOptions } from "../../protocol/index.ts";
import type { OptionsDraft } from "./options-draft.ts";

/** The options of {@link TransferOptions} that are plain switches. */
export type SwitchName = {
  [K in keyof TransferOptions]-?: TransferOptions[K] extends boolean | undefined ? K : never;
}[keyof TransferOptions];

/** What one rsync option does here. */
export type OptionEffect =
  /** Sets switches to true; its `--no-` form to false. */
  | { readonly does: "switch"; readonly sets: readonly SwitchName[]; readonly negatable: boolean }
  /** Sets one property to a fixed value. */
  | { readonly does: "set"; readonly values: Partial<TransferOptions> }
  /** Takes a value; how it is read is said by `reads`. */
  | { readonly does: "value"; readonly reads: ValueReader }
  /** Accepted; `because` is said to the user when it is not simply how things are here. */
  | { readonly does: "nothing"; readonly because: string; readonly takesValue: boolean }
  /** Done by `apply`, which says what would have been allowed when the value cannot be used. */
  | {
      readonly does: "own";
      readonly takesValue: boolean;
      readonly apply: (value: string, draft: OptionsDraft) => string | undefined;
    }
  /** Known to rsync, not available here. */
  | { readonly does: "refused"; readonly because: string; readonly takesValue: boolean };

/** The options whose value needs reading. */
export type ValueReader =
  | "blockSizeBytes"
  | "timeoutSeconds"
  | "bandwidthKiB"
  | "maxDelete"
  | "modifyWindowSeconds"
  | "compressLevel"
  | "compressChoice"
  | "checksumChoice"
  | "checksumSeed"
  | "skipCompress"
  | "tempDir"
  | "backupDir"
  | "suffix"
  | "partialDir"
  | "chmod"
  | "chown"
  | "userMap"
  | "groupMap"
  | "maxSizeBytes"
  | "minSizeBytes"
  | "remoteOption"
  | "port"
  | "passwordFile"
  | "remoteShell"
  | "exclude"
  | "include"
  | "filter";

export interface OptionRule {
  readonly long: string;
  readonly short?: string;
  readonly effect: OptionEffect;
}

/** Switches on what `sets` names, or off with `--no-`. */
export function flag(names: string, ...sets: SwitchName[]): OptionRule {
  return rule(names, { does: "switch", sets, negatable: true });
}

/** Sets properties to fixed values. */
export function set(names: string, values: Partial<TransferOptions>): OptionRule {
  return rule(names, { does: "set", values });
}

/** Takes a value; `reads` says how it is read. */
export function taking(names: string, reads: ValueReader): OptionRule {
  return rule(names, { does: "value", reads });
}

/** Is accepted, and told of unless there is nothing to say. */
export function nothing(names: string, because: string): OptionRule {
  return rule(names, { does: "nothing", because, takesValue: names.endsWith("=") });
}

/** Is not available. */
export function refused(names: string, because: string): OptionRule {
  return rule(names, { does: "refused", because, takesValue: names.endsWith("=") });
}

/** Is done by `apply`. */
export function own(
  names: string,
  apply: (value: string, draft: OptionsDraft) => string | undefined,
): OptionRule {
  return rule(names, { does: "own", takesValue: names.endsWith("="), apply });
}

/** `names`: the long name, then perhaps a blank and the letter; a final `=` means "takes a value". */
function rule(names: string, effect: OptionEffect): OptionRule {
  const [long = "", short] = names.replace(/=$/, "").split(" ");
  return short === undefined ? { long, effect } : { long, short, effect };
}
