import type { TransferOptions } from "../options.ts";
import { asBytePath } from "../path.ts";
import { conversionOf } from "./charset.ts";
import { type FileEntry, fileTypes, isDirectory } from "./entry.ts";
import { type NumberedEntries, numbered } from "./order.ts";
import { eachOf, type Stepwise } from "./stepwise.ts";

/** Gives the entries of a list that was received their numbers. */
export type Numbering = (
  entries: readonly FileEntry[],
  protocol: number,
) => Stepwise<NumberedEntries>;

export interface ConvertedNames {
  readonly iconv: TransferOptions["iconv"] | undefined;
  /** The targets of symlinks are converted, too. */
  readonly convertsTargets: boolean;
  /** Told of names, as they came, that the character set here has no bytes for. */
  readonly onLeftOut: (name: string) => void;
}

/**
 * How a list is numbered under `--iconv`; undefined without it. Names sort differently on both sides,
 * so that entries have the numbers of their coming (spec 1 §7.11).
 */
export function convertedNumbering({
  iconv,
  convertsTargets,
  onLeftOut,
}: ConvertedNames): Numbering | undefined {
  if (iconv === undefined) return undefined;
  const { fromWire } = conversionOf(iconv.local);
  const converted = (entry: FileEntry): FileEntry | undefined => {
    const path = fromWire(entry.path);
    const { linkTarget } = entry;
    const isTarget = convertsTargets && linkTarget !== undefined;
    const target = isTarget ? fromWire(linkTarget) : linkTarget;
    if (path === undefined || (isTarget && target === undefined)) {
      onLeftOut(entry.path);
      return undefined;
    }
    return {
      ...entry,
      path: asBytePath(path),
      ...(target !== undefined && { linkTarget: target }),
    };
  };
  return (entries, protocol) => asTheyCame(entries, protocol, converted);
}

function* asTheyCame(
  entries: readonly FileEntry[],
  protocol: number,
  converted: (entry: FileEntry) => FileEntry | undefined,
): Stepwise<NumberedEntries> {
  const here: FileEntry[] = [];
  const numbers = new Map<string, number>();
  const directories: number[] = [];
  let count = 0;
  yield* eachOf(entries, (entry) => {
    const number = count;
    count += 1;
    const change = converted(entry);
    if (isDirectory(entry)) directories.push(number);
    if (change === undefined) return;
    here.push(change);
    const key = keyOf(change);
    if (!numbers.has(key)) numbers.set(key, number);
  });
  const sorted = yield* numbered(here, protocol);
  const slots: (FileEntry | undefined)[] = entries.map(() => undefined);
  const order: number[] = [];
  yield* eachOf(sorted.slots, (entry) => {
    if (entry === undefined) return;
    const number = numbers.get(keyOf(entry)) as number;
    slots[number] = entry;
    order.push(number);
  });
  return { slots, directories: directories.map((number) => slots[number]), order };
}

/** Of several entries with one name and type the first counts. */
function keyOf({ path, mode }: FileEntry): string {
  return `${mode & fileTypes.mask} ${path}`;
}
