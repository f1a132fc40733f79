declare const brand: unique symbol;

/**
 * A path relative to a transfer root as a byte string: one char per byte (latin1), `/` between
 * components, no leading or trailing `/`; the root itself is "".
 *
 * File names on Linux are bytes, not text: this form keeps every one of them, compares as rsync
 * compares, and is a Map key. Decode with {@link displayPath} for people only.
 */
export type BytePath = string & { readonly [brand]: "BytePath" };

/** The transfer root itself. */
export const rootPath: BytePath = "" as BytePath;

/** A byte string that is known to be one, for instance read with the "latin1" encoding. */
export function asBytePath(bytes: string): BytePath {
  return bytes as BytePath;
}

/** Text (UTF-16) to a byte path holding its UTF-8 bytes. */
export function pathFromText(text: string): BytePath {
  return Buffer.from(text, "utf8").toString("latin1") as BytePath;
}

/** Text, or bytes as they are, to a byte path. */
export function pathFrom(given: string | Uint8Array): BytePath {
  return typeof given === "string" ? pathFromText(given) : pathFromBytes(given);
}

/** What others say, a byte string, as text: its bytes beyond ASCII are escaped unless all is UTF-8. */
export function readableText(bytes: string): string {
  if (/[\u0100-\uffff]/.test(bytes)) return bytes; // it is text
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return bytes.replace(/[\x80-\xff]/g, escaped);
  }
}

/** Raw bytes to a byte path. */
export function pathFromBytes(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1") as BytePath;
}

/** The raw bytes of a byte path. */
export function pathToBytes(path: BytePath): Buffer {
  return Buffer.from(path, "latin1");
}

/** `parent/name`, or `name` when the parent is the root. */
export function joinPath(parent: BytePath, name: string): BytePath {
  return (parent === "" ? name : `${parent}/${name}`) as BytePath;
}

/** The containing directory; "" for a name directly below the root. */
export function parentPath(path: BytePath): BytePath {
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "" : path.slice(0, slash)) as BytePath;
}

/** The last component. */
export function baseName(path: BytePath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** True when `path` is `ancestor` itself or lies below it. */
export function isWithin(path: BytePath, ancestor: BytePath): boolean {
  if (ancestor === "" || path === ancestor) return true;
  return (
    path.length > ancestor.length && path.startsWith(ancestor) && path[ancestor.length] === "/"
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const nonAscii = /[^\x00-\x7f]/;

/**
 * What Node's file system calls take for `path` below the directory `root`.
 *
 * A plain string when every byte is ASCII (cheap), the exact bytes otherwise.
 */
export function nativePath(root: string, path: BytePath): string | Buffer {
  return nativeName(path === "" ? root : `${root}/${path}`);
}

/** The same for one component that is looked up in an open directory. */
export function nativeName(name: string): string | Buffer {
  return nonAscii.test(name) ? Buffer.from(name, "latin1") : name;
}

const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const plain = /^[\t\x20-\x7e]*$/;
/** A backslash that would be taken for the beginning of an escape. */
const misleading = /\\(?=#\d{3})/g;
const unshown = /\\(?=#\d{3})|[^\t\x20-\x7e]/g;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A path as a person reads it: UTF-8 where it is valid, `\#ooo` (octal, as rsync prints) for every
 * byte of a name that is not, and for control characters but the tab. The root is ".".
 */
export function displayPath(path: BytePath): string {
  if (path === "") return ".";
  if (plain.test(path)) return path.includes("\\#") ? path.replace(misleading, escaped) : path;
  try {
    return decoder
      .decode(Buffer.from(path, "latin1"))
      .replace(misleading, escaped)
      .replace(controls, escapedBytes);
  } catch {
    return path.replace(unshown, escaped); // not UTF-8
  }
}

/** What others say as a person reads it, in one line: nothing in it moves a terminal's cursor. */
export function displayText(text: string): string {
  return text.replace(controls, escapedBytes);
}

function escapedBytes(char: string): string {
  return Buffer.from(char).toString("latin1").replace(/./gs, escaped);
}

function escaped(char: string): string {
  return `\\#${char.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
