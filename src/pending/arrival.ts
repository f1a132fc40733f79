import { type BytePath, baseName, parentPath } from "../../protocol/index.ts";

const suffix = /^\.[A-Za-z0-9]{6}$/;
const suffixBytes = 7;
/** Of a longer name the temporary one has a part only. */
const longestStart = 247;

/**
 * True for the rename with which a receiving rsync puts a file in its place: `.name.XXXXXX` to
 * `name` in the same directory. The dot of a name that has one already is not doubled.
 *
 * Where two mirrors face each other such a file comes from the other side, which has it already:
 * pushing it back unasked would send it round for ever. It goes on only where size or time
 * (to the nanosecond) differ.
 */
export function isArrival(from: BytePath, to: BytePath): boolean {
  const [name, temporary] = [baseName(to), baseName(from)];
  if (!suffix.test(temporary.slice(-suffixBytes)) || parentPath(from) !== parentPath(to))
    return false;
  const start = temporary.slice(0, -suffixBytes);
  const whole = name.startsWith(".") ? name : `.${name}`;
  return start === whole || (whole.length > longestStart && whole.startsWith(start));
}
