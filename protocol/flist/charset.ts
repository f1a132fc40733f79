import { RsyncError } from "../errors.ts";

/** Names between a character set and the UTF-8 of the wire; both are byte strings. */
export interface NameConversion {
  /** Undefined for bytes that are no text in the character set. */
  readonly toWire: (name: string) => string | undefined;
  /** Undefined for what the character set has no bytes for. */
  readonly fromWire: (name: string) => string | undefined;
}

/** The character sets of `--iconv=LOCAL,REMOTE`. */
export interface Conversions {
  readonly local: string;
  /** What the daemon is told; one that has a character set of its own takes that. */
  readonly remote: string;
}

/**
 * Reads `--iconv`: two names, or one; `.` is what the environment says; undefined for `-`, off.
 *
 * @throws {RsyncError} BAD_OPTION for a local character set that is not known here.
 */
export function parseConversions(
  spec: string,
  environment: Readonly<Record<string, string | undefined>>,
): Conversions | undefined {
  if (spec === "-" || spec === "") return undefined;
  const [first = "", second] = spec.split(",", 2);
  const local = first === "." ? charsetOf(environment) : first;
  conversionOf(local);
  return { local, remote: second ?? first };
}

function charsetOf({
  LC_ALL,
  LC_CTYPE,
  LANG,
}: Readonly<Record<string, string | undefined>>): string {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((each) => each !== undefined && each !== "");
  return /\.([^@]+)/.exec(locale ?? "")?.[1] ?? "utf-8";
}

/** Names that iconv(3) has and the Encoding standard has not. */
const otherNames: Readonly<Record<string, string>> = {
  cp932: "shift_jis",
  cp936: "gbk",
  cp949: "euc-kr",
  cp950: "big5",
  eucjp: "euc-jp",
  euckr: "euc-kr",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
};
/** Numbers of characters; the other way round they are bytes. */
const latin1 = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
const ascii = latin1.slice(0, 128);
/** What windows-1252 has at 0x80 to 0x9f; a blank where it has nothing. Node takes it for latin1. */
const windowsExtras = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
const windows = latin1.map((char, byte) => {
  const extra = byte < 0x80 || byte > 0x9f ? char : windowsExtras[byte - 0x80];
  return extra === " " && byte > 0x7f ? undefined : extra;
});
const singleBytes: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "iso-8859-1": latin1,
  iso88591: latin1,
  "iso8859-1": latin1,
  latin1,
  ascii,
  "us-ascii": ascii,
  "ansi_x3.4-1968": ascii,
  cp1252: windows,
  "windows-1252": windows,
};

type Decoder = InstanceType<typeof TextDecoder>;

const known = new Map<string, NameConversion>();

/** @throws {RsyncError} BAD_OPTION for a character set that is not known here. */
export function conversionOf(charset: string): NameConversion {
  const name = charset.toLowerCase().replace(/\/\/.*$/, "");
  const before = known.get(name);
  if (before !== undefined) return before;
  const table = singleBytes[name];
  const made = table === undefined ? decoded(name) : tabled(table);
  if (made === undefined) {
    throw new RsyncError(
      "BAD_OPTION",
      `Cannot convert names: the charset ${charset} is not known`,
      {
        exitCode: 4,
      },
    );
  }
  known.set(name, made);
  return made;
}

/** Every byte is the character at its place. */
function tabled(chars: readonly (string | undefined)[]): NameConversion {
  const bytes = new Map(chars.map((char, byte) => [char, String.fromCharCode(byte)]));
  return {
    toWire: (name) => {
      const found = Array.from(name, (byte) => chars[byte.charCodeAt(0)]);
      if (found.includes(undefined)) return undefined;
      return Buffer.from(found.join(""), "utf8").toString("latin1");
    },
    fromWire: (name) => inBytes(name, bytes),
  };
}

function inBytes(wire: string, bytes: ReadonlyMap<string | undefined, string>): string | undefined {
  const text = textOf(utf8, wire);
  if (text === undefined) return undefined;
  const found = Array.from(text, (char) => bytes.get(char));
  return found.includes(undefined) ? undefined : found.join("");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(decoder: Decoder, bytes: string): string | undefined {
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}

function decoded(name: string): NameConversion | undefined {
  let decoder: Decoder;
  try {
    decoder = new TextDecoder(otherNames[name] ?? name, { fatal: true, ignoreBOM: true });
  } catch {
    return undefined;
  }
  if (decoder.encoding.startsWith("utf-16")) return undefined; // no names of files: they have NULs
  const toWire = (bytes: string): string | undefined => {
    const text = textOf(decoder, bytes);
    return text === undefined ? undefined : Buffer.from(text, "utf8").toString("latin1");
  };
  if (decoder.encoding === "utf-8") return { toWire, fromWire: toWire };
  let bytesOf: ReadonlyMap<string, string> | undefined;
  return {
    toWire,
    fromWire: (bytes) => {
      bytesOf ??= encodingTable(decoder);
      return inBytes(bytes, bytesOf);
    },
  };
}

/** What each character is made of: one byte, or two. */
function encodingTable(decoder: Decoder): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  const add = (bytes: string): boolean => {
    const char = textOf(decoder, bytes);
    if (char === undefined || Array.from(char).length !== 1) return false;
    if (!table.has(char)) table.set(char, bytes);
    return true;
  };
  for (let first = 0; first < 256; first += 1) {
    if (add(String.fromCharCode(first))) continue;
    for (let second = 0x21; second < 256; second += 1) add(String.fromCharCode(first, second));
  }
  return table;
}
