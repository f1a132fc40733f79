import { type LoadedConfig, parseConfxml } from "./confxml.ts";
import type { ConfigError } from "./mistake.ts";
import { sourceFromBytes } from "./source.ts";
import { type Surroundings, thisMachine } from "./surroundings.ts";
import { formatConfxml, type MirrorSettings } from "./template.ts";

/**
 * The configuration that settings without a file mean, checked as a file is.
 *
 * @throws {ConfigError} holding every mistake; their places are those of a file nobody sees.
 */
export function configFromSettings(
  settings: MirrorSettings,
  surroundings: Surroundings = thisMachine(),
): LoadedConfig {
  const source = sourceFromBytes("command line", Buffer.from(formatConfxml(settings)));
  // The shell, or whoever set the environment, has expanded what was to be expanded.
  const literal = { ...surroundings, variables: (name: string) => `\${${name}}` };
  return parseConfxml(source, literal, {});
}

/** What is wrong with settings, without places. */
export function formatSettingsError(error: ConfigError): string {
  return error.mistakes.map(({ text }) => text).join("\n");
}
