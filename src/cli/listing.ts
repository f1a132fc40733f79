import {
  asBytePath,
  displayPath,
  type FileEntry,
  fileTypes,
  isSymlink,
} from "../../protocol/index.ts";
import { formatNumber } from "./push/number.ts";

const typeLetters: Readonly<Record<number, string>> = {
  [fileTypes.directory]: "d",
  [fileTypes.symlink]: "l",
  [fileTypes.characterDevice]: "c",
  [fileTypes.blockDevice]: "b",
  [fileTypes.fifo]: "p",
  [fileTypes.socket]: "s",
};

/** Type and permissions as `ls -l` shows them: `-rw-r--r--`. */
export function formatPermissions(mode: number): string {
  const letters = Array.from("rwxrwxrwx", (letter, at) => (mode & (0o400 >> at) ? letter : "-"));
  const special = [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ] as const;
  for (const [bit, at, letter] of special) {
    if ((mode & bit) === 0) continue;
    letters[at] = letters[at] === "-" ? letter.toUpperCase() : letter;
  }
  return (typeLetters[mode & fileTypes.mask] ?? "-") + letters.join("");
}

/** A time here as rsync writes it: `2026/11/22 19:29:57`, with `between` for the blank. */
export function formatTime(
  { mtimeSeconds }: Pick<FileEntry, "mtimeSeconds">,
  between: string,
): string {
  const time = new Date(mtimeSeconds * 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("/");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day}${between}${clock}`;
}

/** One line of a listing, as `rsync --list-only` prints it. */
export function formatFile(entry: FileEntry): string {
  const { path, mode, size, linkTarget } = entry;
  const target =
    isSymlink(entry) && linkTarget !== undefined
      ? ` -> ${displayPath(asBytePath(linkTarget))}`
      : "";
  const columns = `${formatPermissions(mode)} ${formatNumber(size, 1).padStart(14)}`;
  return `${columns} ${formatTime(entry, " ")} ${displayPath(path)}${target}`;
}

const typeNames: Readonly<Record<number, string>> = {
  [fileTypes.regular]: "file",
  [fileTypes.directory]: "directory",
  [fileTypes.symlink]: "symlink",
  [fileTypes.characterDevice]: "character device",
  [fileTypes.blockDevice]: "block device",
  [fileTypes.fifo]: "fifo",
  [fileTypes.socket]: "socket",
};

/** The same for programs. */
export function describeFile(entry: FileEntry): Readonly<Record<string, unknown>> {
  const { path, mode, size, mtimeSeconds, linkTarget } = entry;
  return {
    path: displayPath(path),
    type: typeNames[mode & fileTypes.mask],
    mode: (mode & 0o7777).toString(8).padStart(4, "0"),
    size,
    mtime: new Date(mtimeSeconds * 1_000).toISOString(),
    ...(linkTarget !== undefined && { linkTarget: displayPath(asBytePath(linkTarget)) }),
  };
}
