import { asBytePath, displayPath } from "../../protocol/index.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that a byte string is in UTF-8, exactly; undefined when it is none. */
export function exactText(bytes: string): string | undefined {
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}

/**
 * A byte string in a URL: every byte but letters, digits, `-._~` and those in `plain` as `%XX`.
 */
export function percentEncoded(bytes: string, plain = ""): string {
  return bytes.replace(/[^A-Za-z0-9\-._~]/g, (char) =>
    plain.includes(char)
      ? char
      : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** A byte string as text: exact where it is UTF-8, else escaped for people. */
export function textOf(bytes: string): string {
  return exactText(bytes) ?? displayPath(asBytePath(bytes));
}
