import { RsyncError } from "../errors.ts";
import { asBytePath, type BytePath } from "../path.ts";

/** What one `SRC` of a command line means. */
export interface Argument {
  /** The directory that names begin in, for file-system calls; a byte string. */
  readonly root: string;
  /** What is listed, by its name in the transfer; "" for the content of `root`. */
  readonly start: BytePath;
  /** The content of a directory was named, by a slash or a dot at the end. */
  readonly isContent: boolean;
  /** `./name` is kept under `-R`: the directory that names begin in is listed too. */
  readonly hasDot: boolean;
}

/**
 * Reads a `SRC` as rsync does: `dir` is sent with its name and `dir/` as what is in it; with `-R` a
 * name keeps its whole path, or what stands behind `/./`.
 *
 * @throws {RsyncError} BAD_OPTION for ".." in a path that is kept.
 */
export function parseArgument(text: string, relative: boolean): Argument {
  return relative ? parseRelative(text) : parsePlain(text);
}

function parsePlain(text: string): Argument {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  const isContent = /(^|\/)\.{0,2}$/.test(text);
  const kept = (isContent ? parts : parts.slice(0, -1)).join("/");
  const directory = text.startsWith("/") ? `/${kept}` : kept || ".";
  return {
    root: directory === "/" ? "/." : `${directory}/.`,
    start: asBytePath(isContent ? "" : (parts.at(-1) as string)),
    isContent,
    hasDot: false,
  };
}

function parseRelative(text: string): Argument {
  const cut = text.indexOf("/./");
  const absolute = text.startsWith("/") ? "/." : ".";
  const root = cut < 0 ? absolute : text.slice(0, cut) || "/.";
  const kept = cut < 0 ? text : text.slice(cut + 3);
  const parts = kept.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    throw new RsyncError("BAD_OPTION", `Cannot keep the path ${text}: it has ".." in it`);
  }
  return {
    root,
    start: asBytePath(parts.join("/")),
    isContent: parts.length === 0 || /(^|\/)\.?$/.test(kept),
    hasDot: parts.length > 0 && kept.startsWith("./"),
  };
}
