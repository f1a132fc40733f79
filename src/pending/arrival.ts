import { type BytePath, baseName, parentPath } from "../../protocol/index.ts";

const suffix = /^\.[A-Za-z0-9]{6}$/;

/**
 * True for the rename with which a receiving rsync puts a file in its place: `.name.XXXXXX` to
 * `name` in the same directory.
 *
 * Where two mirrors face each other such a file comes from the other side, which has it already:
 * pushing it back unasked would send it round for ever. It goes on only where size or time
 * (to the nanosecond) differ.
 */
export function isArrival(from: BytePath, to: BytePath): boolean {
  const [name, temporary] = [baseName(to), baseName(from)];
  if (!temporary.startsWith(`.${name}`) || parentPath(from) !== parentPath(to)) return false;
  return suffix.test(temporary.slice(name.length + 1));
}
