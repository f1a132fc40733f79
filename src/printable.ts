/**
 * Text in which nothing moves the cursor, rings or turns the writing direction: file names come
 * from strangers and end up on an operator's terminal.
 */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
