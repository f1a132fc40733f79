import { readFileSync } from "node:fs";
import { type LoadedConfig, parseConfxml } from "../../../src/config/confxml.ts";
import { ConfigError, type Mistake } from "../../../src/config/mistake.ts";
import type { PluginName } from "../../../src/config/schema.ts";
import { sourceFromBytes } from "../../../src/config/source.ts";
import type { Surroundings } from "../../../src/config/surroundings.ts";

/** A machine on which every path is fine and no variable is set. */
export const anyMachine: Surroundings = {
  variables: () => undefined,
  workingDirectory: "/home/me",
  userName: "me",
  watchProblem: () => undefined,
  fileProblem: () => undefined,
  passwordProblem: () => undefined,
  passwordOddity: () => undefined,
};

/** One of our own configurations, as text. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/config/${name}`, import.meta.url), "utf8");
}

export interface ParsingOptions extends Partial<Surroundings> {
  readonly pluginAlone?: PluginName;
}

/** Parses text (or bytes as they stand) on a machine that differs from {@link anyMachine} as said. */
export function parse(text: string | Uint8Array, options: ParsingOptions = {}): LoadedConfig {
  const { pluginAlone, ...different } = options;
  const source = sourceFromBytes("confxml.xml", Buffer.from(text));
  return parseConfxml(source, { ...anyMachine, ...different }, pluginAlone ? { pluginAlone } : {});
}

/** The mistakes parsing ends with; fails when there are none. */
export function mistakesOf(
  text: string | Uint8Array,
  options: ParsingOptions = {},
): readonly Mistake[] {
  try {
    parse(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  throw new Error("expected the configuration to be refused");
}

/** The texts of everything said about a configuration that works. */
export function notesOf(text: string | Uint8Array, options: ParsingOptions = {}): string[] {
  return parse(text, options).notes.map((note) => note.text);
}

/** What parsing comes to, refused or not. */
export function outcome(text: string, options: ParsingOptions = {}): LoadedConfig | ConfigError {
  try {
    return parse(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
