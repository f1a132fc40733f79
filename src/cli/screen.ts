/** The size of a terminal; undefined or 0 where it does not tell. */
export interface ScreenSize {
  readonly rows: number | undefined;
  readonly columns: number | undefined;
}

/** Chinese, Japanese and Korean letters, their punctuation, and pictures fill two columns. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
/** What stands on the letter before it fills none. */
const narrowest = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** What of `lines` a terminal can show above an empty last row; the last line tells what is left out. */
export function fitScreen(lines: readonly string[], { rows, columns }: ScreenSize): string[] {
  const room = rows ? Math.max(1, rows - 1) : lines.length;
  const isTooMuch = lines.length > room;
  const shown = isTooMuch ? lines.slice(0, room - 1) : lines;
  const left = lines.length - shown.length;
  const note = `(${left} more ${left === 1 ? "line" : "lines"}; a taller terminal, --json or the status page shows all)`;
  return [...shown, ...(isTooMuch ? [note] : [])].map((line) => cutToColumns(line, columns));
}

/** What of a line fills at most so many columns; what is cut ends in an ellipsis. */
export function cutToColumns(line: string, columns: number | undefined): string {
  if (!columns || line.length * 2 <= columns) return line;
  let width = 0;
  let kept = "";
  /** As {@link kept}, with room for the ellipsis. */
  let short = "";
  for (const char of line) {
    width += widthOf(char);
    if (width > columns) return `${short}…`;
    kept += char;
    if (width < columns) short = kept;
  }
  return line;
}

function widthOf(char: string): number {
  if (char < "\u0300") return 1;
  if (narrowest.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

/** Writes lines over what a terminal shows, without a moment in which it is empty. */
export function redraw(lines: readonly string[]): string {
  return `\u001b[H${lines.map((line) => `\u001b[K${line}\n`).join("")}\u001b[J`;
}
