import { compatFlags } from "../agreement.ts";
import type { TransferOptions } from "../options.ts";
import { asBytePath } from "../path.ts";
import { conversionOf } from "./charset.ts";
import type { FileEntry } from "./entry.ts";

type Converting = Pick<TransferOptions, "iconv">;

/**
 * How entries are told under `--iconv`: with names in UTF-8, and so with targets of symlinks where
 * the other side expects it. Undefined without it.
 *
 * @param compat a sum of {@link compatFlags}.
 */
export function entryConversion(
  { iconv }: Converting,
  compat: number,
): ((entry: FileEntry) => FileEntry) | undefined {
  if (iconv === undefined) return undefined;
  const { toWire } = conversionOf(iconv.local);
  const convertsTargets = (compat & compatFlags.symlinkIconv) !== 0;
  return (entry) => {
    const { linkTarget } = entry;
    const target = convertsTargets && linkTarget !== undefined && toWire(linkTarget);
    return {
      ...entry,
      path: asBytePath(toWire(entry.path) ?? entry.path),
      ...(target && { linkTarget: target }),
      // Its content and attributes lie under the name that it has here.
      servedBy: entry.servedBy ?? entry,
    };
  };
}

/** Says of an entry whether its names are text here; undefined without `--iconv`. */
export function isConvertible(
  converting: Converting,
  compat: number,
): ((entry: FileEntry) => boolean) | undefined {
  const misfit = misfitOf(converting, compat);
  return misfit && ((entry) => misfit(entry) === undefined);
}

/** Says of an entry which of its names is no text here; undefined without `--iconv`. */
export function misfitOf(
  { iconv }: Converting,
  compat: number,
): ((entry: FileEntry) => "name" | "target" | undefined) | undefined {
  if (iconv === undefined) return undefined;
  const { toWire } = conversionOf(iconv.local);
  const convertsTargets = (compat & compatFlags.symlinkIconv) !== 0;
  return ({ path, linkTarget }) => {
    if (toWire(path) === undefined) return "name";
    const isTarget = convertsTargets && linkTarget !== undefined;
    return isTarget && toWire(linkTarget) === undefined ? "target" : undefined;
  };
}

/** A name from here, as the other side is told it; one that cannot be converted stays. */
export function nameToWire(name: string, { iconv }: Converting): string {
  return iconv === undefined ? name : (conversionOf(iconv.local).toWire(name) ?? name);
}

/** A name that the other side tells, as it is here; one that cannot be converted stays. */
export function nameFromWire(name: string, { iconv }: Converting): string {
  return iconv === undefined ? name : (conversionOf(iconv.local).fromWire(name) ?? name);
}
