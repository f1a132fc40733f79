import { RsyncError } from "../errors.ts";
import { type BytePath, baseName } from "../path.ts";

/** Letters and digits, and classes of them, as in `mp[34]`. */
const form = /^\.?((?:[^[\]/*?.]|\[[^[\]/*?]+\])+)$/;

/**
 * Says which files `--skip-compress` means: those whose name ends in a dot and one of the suffixes,
 * whatever their case. A lone `*` means all.
 *
 * @throws {RsyncError} BAD_OPTION for what is no suffix.
 */
export function compileSuffixes(suffixes: readonly string[]): (path: BytePath) => boolean {
  if (suffixes.includes("*")) return () => true;
  const patterns = suffixes.map((suffix) => {
    const [, bare] = form.exec(suffix) ?? [];
    if (bare !== undefined) return bare.replaceAll(/[\\^$.|?*+(){}-]/g, "\\$&");
    throw new RsyncError(
      "BAD_OPTION",
      `Cannot skip compression of ${JSON.stringify(suffix)}: expected a suffix such as gz or mp[34]`,
    );
  });
  if (patterns.length === 0) return () => false;
  const ends = new RegExp(`\\.(?:${patterns.join("|")})$`, "i");
  return (path) => ends.test(baseName(path));
}
