/** One letter inserted, removed or replaced; what lies between the bytes is added (rsync's 16.16). */
const unit = 65_536;

/** Names that differ by more letters than this have nothing to do with each other. */
export const mostDistance: number = 25 * unit;

/** What a suffix counts more than the rest of a name. */
const suffixWeight = 10;

/** Longer than any two names can differ. */
const farAway = Number.POSITIVE_INFINITY;

/**
 * How far two names are from each other, as `--fuzzy` counts; byte strings.
 *
 * @param most what is certainly farther need not be known exactly.
 */
export function nameDistance(name: string, other: string, most: number = farAway): number {
  const distance = editDistance(name, other, most);
  if (distance === farAway) return farAway;
  return distance + suffixWeight * editDistance(suffixOf(name), suffixOf(other), farAway);
}

/** Weighted Levenshtein distance; its middle step is cut short as rsync cuts it. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) * unit > most) return farAway;
  if (a === "" || b === "") return weight(a + b);
  const row = Array.from(b, (_, at) => (at + 1) * unit);
  for (let i = 0; i < a.length; i += 1) {
    const byte = a.charCodeAt(i);
    let diagonal = i * unit;
    let above = (i + 1) * unit;
    for (let j = 0; j < b.length; j += 1) {
      const other = b.charCodeAt(j);
      const left = row[j] as number;
      const replaced = diagonal + (byte === other ? 0 : unit + Math.abs(byte - other));
      const moved = left < above ? left + unit + byte : above + unit + other;
      above = Math.min(moved, replaced);
      row[j] = above;
      diagonal = left;
    }
  }
  return row.at(-1) as number;
}

function weight(letters: string): number {
  let bytes = 0;
  // rsync adds signed bytes here.
  for (const letter of letters) bytes += (letter.charCodeAt(0) << 24) >> 24;
  return letters.length * unit + bytes;
}

const notSignificant: ReadonlySet<string> = new Set([".bak", ".old", ".orig"]);

/**
 * The end of a name that tells what it is: `.tar`, `.gz`. Endings of backups are passed over, and
 * those of digits, where there is a better one before them.
 */
export function suffixOf(name: string): string {
  let rest = name.replace(/^\.+/, "");
  const hasTilde = rest.length > 1 && rest.endsWith("~");
  if (hasTilde) rest = rest.slice(0, -1);
  let found = "";
  while (rest.length > 1) {
    const dot = rest.lastIndexOf(".");
    if (dot <= 0) return found;
    const suffix = rest.slice(dot);
    rest = rest.slice(0, dot);
    const isNumbered = hasTilde && /^\.~\d/.test(suffix) && suffix.length > 2;
    if (notSignificant.has(suffix) || isNumbered) continue;
    found = suffix;
    if (!/^\.\d+$/.test(suffix)) return found;
  }
  return found;
}
