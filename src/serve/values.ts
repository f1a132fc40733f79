import { RsyncError } from "../../protocol/index.ts";
import type { Setting, Settings } from "./conf.ts";
import { canonicalName } from "./lines.ts";
import { type Findings, type Place, quoted } from "./problem.ts";

const flags: Readonly<Record<string, boolean>> = {
  yes: true,
  true: true,
  "1": true,
  no: false,
  false: false,
  "0": false,
};

const largestNumber = 2 ** 31 - 1;

/** Reads the values of parameters; what one cannot be is a mistake with its line. */
export class Values {
  readonly #settings: Settings;
  readonly #findings: Findings;
  readonly #place: Place;

  /** @param place what has no line of its own is said of this one. */
  constructor(settings: Settings, findings: Findings, place: Place) {
    this.#settings = settings;
    this.#findings = findings;
    this.#place = place;
  }

  /** A byte string; undefined where nothing, or an empty value, was given. */
  text(title: string): string | undefined {
    const value = this.#get(title)?.value;
    return value === "" ? undefined : value;
  }

  /** The name of a file or directory as text, which Node's file system calls take. */
  file(title: string): string | undefined {
    const bytes = this.text(title);
    if (bytes === undefined) return undefined;
    const text = textOf(bytes);
    if (text === undefined) this.mistake(title, `its name is not UTF-8: found ${quoted(bytes)}`);
    return text;
  }

  /** yes, no, true, false, 1 or 0 in any case; undefined where nothing was given. */
  flag(title: string): boolean | undefined {
    const value = this.text(title)?.toLowerCase();
    if (value === undefined) return undefined;
    const known = Object.hasOwn(flags, value) ? flags[value] : undefined;
    if (known === undefined && value !== "unset") {
      this.mistake(title, `yes or no is needed: found ${quoted(value)}`);
    }
    return known;
  }

  /** A whole number; undefined where nothing was given. */
  number(title: string): number | undefined {
    const value = this.text(title);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^[-+]?\d{1,10}$/.test(value) && Math.abs(number) <= largestNumber) return number;
    this.mistake(title, `a whole number is needed: found ${quoted(value)}`);
    return undefined;
  }

  /** What `read` makes of a text; what it throws is said with the line. */
  read<T>(title: string, read: (text: string) => T): T | undefined {
    const text = this.text(title);
    if (text === undefined) return undefined;
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      this.mistake(title, error.message);
      return undefined;
    }
  }

  mistake(title: string, text: string): void {
    this.#findings.mistake(this.#placeOf(title), `${title}: ${text}`);
  }

  warn(title: string, text: string): void {
    this.#findings.warn(this.#placeOf(title), `${title}: ${text}`);
  }

  #placeOf(title: string): Place {
    return this.#get(title)?.place ?? this.#place;
  }

  #get(title: string): Setting | undefined {
    return this.#settings.get(canonicalName(title));
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text that bytes are in UTF-8; undefined when they are not. */
export function textOf(bytes: string): string | undefined {
  try {
    return decoder.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}
