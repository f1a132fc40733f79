import { readFileSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type LoadedConfig, parseConfxml } from "./confxml.ts";
import { absent, inspect } from "./inspect.ts";
import { ConfigError } from "./mistake.ts";
import type { PluginName } from "./schema.ts";
import { maxSourceBytes, sourceFromBytes } from "./source.ts";
import { type Surroundings, thisMachine } from "./surroundings.ts";

export interface LoadOptions {
  /** `-m`: the plugin that runs alone; remotes are then not needed. */
  readonly pluginAlone?: PluginName;
  /** What the file is checked against; this machine unless said. */
  readonly surroundings?: Surroundings;
}

/**
 * Reads and checks a configuration file, the directories and password file it names included.
 *
 * @throws {ConfigError} holding every mistake at once; the exit code is 1.
 */
export function loadConfig(file: string, options: LoadOptions = {}): LoadedConfig {
  const { surroundings = thisMachine(), ...parsing } = options;
  const source = sourceFromBytes(file, readSource(file));
  return parseConfxml(source, surroundings, parsing);
}

function readSource(file: string): Buffer {
  const stats = inspect(() => statSync(file));
  if (typeof stats === "string") return refuse(file, stats === absent ? missing(file) : stats);
  if (!stats.isFile()) return refuse(file, "it is not a regular file");
  if (stats.size > maxSourceBytes) {
    return refuse(file, `it has ${stats.size} bytes; a configuration may have ${maxSourceBytes}`);
  }
  const bytes = inspect(() => readFileSync(file));
  return typeof bytes === "string" ? refuse(file, bytes) : bytes;
}

/** A relative name is often meant for another directory. */
function missing(file: string): string {
  if (isAbsolute(file)) return absent;
  return `${absent} in ${process.cwd()}; name another with -o, or let "sersync init" write one`;
}

function refuse(file: string, problem: string): never {
  const text = `cannot read the configuration: ${problem}`;
  throw new ConfigError(file, [{ line: 1, column: 1, text }]);
}
