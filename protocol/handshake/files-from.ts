import { RsyncError } from "../errors.ts";

/** `--files-from`: what is fetched below the one source, instead of all that is in it. */
export type FilesFrom =
  | {
      /** Paths as byte strings; one that ends in `/` is a directory with what lies in it. */
      readonly names: readonly string[];
    }
  | {
      /** A file of the module's that holds them. */
      readonly file: string;
      /** They end in NULs there. Default false: in line ends. */
      readonly nul?: boolean;
    };

/** How a sender is told where names come from (spec 1 §2.3). */
export function filesFromWords(filesFrom: FilesFrom, relative: boolean | undefined): string[] {
  const isTheirs = "file" in filesFrom;
  return [
    ...(isTheirs ? ["--files-from", filesFrom.file] : ["--files-from=-"]),
    ...(!isTheirs || filesFrom.nul ? ["--from0"] : []),
    ...(relative ? [] : ["--no-relative"]),
  ];
}

/**
 * Names as a sender reads them: each with a NUL, and one more at the end.
 *
 * @throws {RsyncError} BAD_OPTION for a name that holds a NUL.
 */
export function encodeNames(names: readonly string[]): Buffer {
  const broken = names.find((name) => name.includes("\0"));
  if (broken !== undefined) {
    const shown = JSON.stringify(broken.slice(0, 200));
    throw new RsyncError("BAD_OPTION", `Cannot fetch ${shown}: no name holds a NUL`);
  }
  // An empty one is the end of them all.
  const told = names.filter((name) => name !== "").map((name) => `${name}\0`);
  return Buffer.from(`${told.join("")}\0`, "latin1");
}
