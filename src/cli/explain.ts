import { lstatSync } from "node:fs";
import {
  asBytePath,
  type BytePath,
  displayPath,
  nativePath,
  pathFromText,
} from "../../protocol/index.ts";
import type { LoadedConfig } from "../config/confxml.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import type { Config, Source } from "../config/schema.ts";
import { absolutePath, type Surroundings } from "../config/surroundings.ts";
import { display } from "../display.ts";
import { compileRules, type Exclusion } from "../filter/rules.ts";
import type { Answer } from "./check.ts";

export interface ExplainOptions {
  readonly files: readonly string[];
  /** As typed: absolute, or relative to the watched directory; a final `/` makes it a directory. */
  readonly path: string;
  /** Default: this machine. */
  readonly surroundings?: Surroundings;
}

/** `sersync explain`: which rule decides for a path, in each configuration and watched directory. */
export function runExplain({ files, path, surroundings }: ExplainOptions): Answer {
  const asked = pathFromText(path);
  try {
    const loaded = files.map((file) => loadConfig(file, surroundings ? { surroundings } : {}));
    const lines = loaded.flatMap(({ config }: LoadedConfig) => explainAll(config, asked));
    if (lines.length > 0) return { text: `${lines.join("\n")}\n`, exitCode: 0 };
    return { text: `${path} is in none of the watched directories\n`, exitCode: 1 };
  } catch (error) {
    if (error instanceof ConfigError) return { text: `${error.message}\n`, exitCode: 1 };
    throw error;
  }
}

function explainAll(config: Config, asked: string): readonly string[] {
  return config.sources.flatMap((source) => {
    const path = pathBelow(source, asked);
    return path === undefined
      ? []
      : explainPath(config, source, path, isDirectory(source, path, asked));
  });
}

/** The path relative to the watched directory; undefined when it lies elsewhere. */
function pathBelow({ watch }: Source, asked: string): BytePath | undefined {
  const whole = absolutePath(asked, watch);
  if (whole === watch) return asBytePath("");
  const prefix = watch === "/" ? watch : `${watch}/`;
  return whole.startsWith(prefix) ? asBytePath(whole.slice(prefix.length)) : undefined;
}

function isDirectory({ watch }: Source, path: BytePath, asked: string): boolean {
  const stats = lstatSync(nativePath(watch, path), { throwIfNoEntry: false });
  return stats?.isDirectory() ?? asked.endsWith("/");
}

function explainPath(
  config: Config,
  { watch }: Source,
  path: BytePath,
  directory: boolean,
): readonly string[] {
  const kind = directory ? "directory" : "file";
  const always = compileRules(config.filter).explain(path, directory);
  const scheduled = compileRules(config.filter, config.crontab?.excludes).explain(path, directory);
  const lines = [
    `${displayPath(path)} (${kind} in ${display(watch)}):`,
    `  events, scans and full pushes: ${verdict(path, always, "sent")}`,
    `  deletes: ${config.events.delete ? verdict(path, always, "deleted when it is deleted here") : "never, <delete> is off"}`,
  ];
  return config.crontab === undefined
    ? lines
    : [...lines, `  crontab: ${verdict(path, scheduled, "compared")}`];
}

function verdict(path: BytePath, exclusion: Exclusion | undefined, otherwise: string): string {
  if (exclusion === undefined) return `${otherwise}; no rule excludes it`;
  const where = exclusion.path === path ? "" : `, which excludes ${displayPath(exclusion.path)}/`;
  return `left out by ${exclusion.rule}${where}`;
}
