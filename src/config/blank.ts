/** XML's blanks and two more; not \s, to which the byte 0xA0 belongs that ends many characters. */
const blanks = " \t\r\n\f\v";

/** The text without blanks at both ends. Not String.trim, which would cut characters in half. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text[start] ?? "")) start += 1;
  while (end > start && blanks.includes(text[end - 1] ?? "")) end -= 1;
  return text.slice(start, end);
}
