/** The words of a command line, or why it cannot be split. */
export type SplitWords = { readonly words: readonly string[] } | { readonly problem: string };

const piece = /[ \t\r\n]+|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^ \t\r\n'"\\]+/y;
const shellSyntax = /[;&|<>`$()]/;

/**
 * Splits text into words as a shell would, quotes and backslashes understood, nothing expanded.
 *
 * What only a shell could carry out (`;`, `|`, `>`, `$…`, backticks; quoted they are plain text) is
 * refused: no shell ever sees the words.
 */
export function splitWords(text: string): SplitWords {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    piece.lastIndex = at;
    const found = piece.exec(text)?.[0];
    if (found === undefined) return { problem: `the quote ${text[at]} is never closed` };
    at += found.length;
    if (/^[ \t\r\n]/.test(found)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const syntax = /^['"\\]/.test(found) ? null : shellSyntax.exec(found);
    if (syntax) return { problem: `${syntax[0]} is for a shell, and no shell is run; quote it` };
    word = (word ?? "") + unquote(found);
  }
  if (word !== undefined) words.push(word);
  return { words };
}

function unquote(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('"')) return piece.slice(1, -1).replace(/\\(["\\$`])/g, "$1");
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}

/** A word as a shell (and {@link splitWords}) reads it back unchanged. */
export function shellQuote(word: string): string {
  if (/^[A-Za-z0-9_\-+=:@%.,/]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
