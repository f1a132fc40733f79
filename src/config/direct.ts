import { RsyncError } from "../../protocol/index.ts";
import { type LoadedConfig, parseConfxml } from "./confxml.ts";
import { ConfigError } from "./mistake.ts";
import { sourceFromBytes } from "./source.ts";
import { type Surroundings, thisMachine } from "./surroundings.ts";
import { formatConfxml, type MirrorSettings } from "./template.ts";

/**
 * The configuration that settings without a file mean, checked as a file is.
 *
 * @throws {RsyncError} BAD_OPTION telling every mistake, without the places in a file nobody sees.
 */
export function configFromSettings(
  settings: MirrorSettings,
  surroundings: Surroundings = thisMachine(),
): LoadedConfig {
  const source = sourceFromBytes("command line", Buffer.from(formatConfxml(settings)));
  // The shell, or whoever set the environment, has expanded what was to be expanded.
  const literal = { ...surroundings, variables: (name: string) => `\${${name}}` };
  try {
    return parseConfxml(source, literal, {});
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new RsyncError("BAD_OPTION", cause.mistakes.map(({ text }) => text).join("\n"), {
      cause,
    });
  }
}
