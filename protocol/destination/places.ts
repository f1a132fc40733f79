import { RsyncError } from "../errors.ts";
import type { TransferOptions } from "../options.ts";
import { pathFromText } from "../path.ts";
import { type Area, type AreaOptions, openArea } from "./area.ts";
import { Backups } from "./backup.ts";
import { PartialFiles, partialDirectory } from "./partial.ts";
import type { DestinationTree } from "./tree.ts";

/** Where files lie besides their names, as far as that was asked for. */
export interface Places {
  /** `--temp-dir` */
  readonly temporary?: Area | undefined;
  /** `--partial-dir`, or what `--delay-updates` needs of it */
  readonly partial?: PartialFiles | undefined;
  /** `--backup` */
  readonly backups?: Backups | undefined;
  /** `--compare-dest`, `--copy-dest`, `--link-dest` */
  readonly alternates: readonly Area[];
  close(): void;
}

/** Nothing but the names themselves. */
export const noPlaces: Places = { alternates: [], close: () => {} };

/**
 * Opens what the options name.
 *
 * @param root the destination's name; relative directories are seen from there.
 * @param open stands in where directories mean something else than on this machine.
 * @throws {RsyncError} BAD_OPTION
 */
export function openPlaces(
  tree: DestinationTree,
  root: string,
  transfer: TransferOptions,
  open: (directory: string, options: AreaOptions) => Area = openArea,
): Places {
  const { tempDir, backup, backupDir, alternate } = transfer;
  const areas: Area[] = [];
  const area = (directory: string, makes = false): Area => {
    const opened = open(directory, { tree, root, makes });
    areas.push(opened);
    return opened;
  };
  const partial = partialDirectory(transfer);
  const isShared = partial?.startsWith("/");
  return {
    temporary: tempDir === undefined ? undefined : area(tempDir),
    partial:
      partial === undefined
        ? undefined
        : new PartialFiles(tree, partial, isShared ? area(partial) : undefined),
    backups: backup
      ? new Backups({
          tree,
          area: backupDir === undefined ? undefined : area(backupDir, true),
          suffix: suffixOf(transfer),
          keepsModes: transfer.perms ?? false,
        })
      : undefined,
    alternates: alternate?.directories.map((directory) => area(textOf(directory))) ?? [],
    close: () => {
      for (const each of areas) each.close();
    },
  };
}

/** What stands in the way of using directories that options name, in rsync's words. */
export interface MissingPlaces {
  /** Files would have no place to be made in. */
  readonly failure?: string | undefined;
  /** Nothing is found there. */
  readonly warnings: readonly string[];
}

/** Looks whether the directories are there that must have been made before. */
export function missingPlaces(
  { temporary, alternates }: Places,
  { tempDir = "", alternate }: TransferOptions,
): MissingPlaces {
  const missing = (alternate?.directories ?? []).filter((_, at) => !alternates[at]?.isThere());
  return {
    failure: temporary?.isThere() === false ? `The temp-dir does not exist: ${tempDir}` : undefined,
    warnings: missing.map((each) => `--${alternate?.how}-dest arg does not exist: ${textOf(each)}`),
  };
}

function textOf(directory: string | Uint8Array): string {
  return typeof directory === "string" ? directory : Buffer.from(directory).toString();
}

/** What `--backup` puts behind names, as a byte string. @throws {RsyncError} BAD_OPTION */
export function suffixOf({
  suffix,
  backupDir,
}: Pick<TransferOptions, "suffix" | "backupDir">): string {
  const chosen = suffix ?? (backupDir === undefined ? "~" : "");
  if (chosen.includes("/") || (chosen === "" && backupDir === undefined)) {
    throw new RsyncError("BAD_OPTION", `Cannot use --suffix=${chosen}: it makes no other name`);
  }
  return pathFromText(chosen);
}
