import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { nativePath, RsyncError, rootPath } from "../../protocol/index.ts";
import type { LoadedConfig } from "../config/confxml.ts";
import { ConfigError, formatNote } from "../config/mistake.ts";
import type { Config } from "../config/schema.ts";

/** A configuration that can be carried out. */
export interface Plan {
  /** What it is known by: `configurationKey` or `settingsKey`. */
  readonly key: string;
  /** Its file, for people. */
  readonly file: string;
  /** The watched directory, where there is no file. */
  readonly source?: string | undefined;
  readonly config: Config;
  /** What is worth knowing about it, one line each. */
  readonly warnings: readonly string[];
  /** Two plans with the same one are carried out in the same way. */
  readonly fingerprint: string;
}

/** Nothing can be started with these configurations. */
export class BadPlans extends Error {
  /** One line each, over all configurations. */
  readonly mistakes: readonly string[];
  /** What the command line exits with. */
  readonly exitCode: number;

  constructor(mistakes: readonly string[], exitCode: number) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
    this.exitCode = exitCode;
  }
}

/** One configuration before it has been read. */
export interface PlanSource {
  readonly key: string;
  readonly file: string;
  /** The watched directory, where there is no file. */
  readonly source?: string | undefined;
  /** @throws {ConfigError} @throws {RsyncError} when it cannot be carried out. */
  readonly load: () => LoadedConfig;
}

/**
 * Reads and checks every configuration.
 *
 * @throws {BadPlans} with the mistakes of all of them.
 */
export function loadPlans(sources: readonly PlanSource[]): readonly Plan[] {
  const plans: Plan[] = [];
  const mistakes: string[] = [];
  let exitCode = 1;
  for (const source of sources) {
    try {
      plans.push(planOf(source));
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof RsyncError)) throw error;
      mistakes.push(...error.message.split("\n"));
      exitCode = error.exitCode;
    }
  }
  if (mistakes.length > 0) throw new BadPlans(mistakes, exitCode);
  return plans;
}

function planOf({ key, file, source, load }: PlanSource): Plan {
  const { config, notes } = load();
  const warnings = notes
    .filter(({ severity }) => severity === "warning")
    // Without a file there are no lines in it.
    .map((note) => (source === undefined ? formatNote(file, note) : `warning: ${note.text}`));
  return { key, file, source, config, warnings, fingerprint: fingerprintOf(config) };
}

/** A new password in the same file is a change too, and so is another module at the same path. */
function fingerprintOf(config: Config): string {
  const hash = createHash("sha256").update(JSON.stringify(config));
  const { auth } = config;
  const { http, refreshCDN, module } = config.plugins;
  const files = [
    auth?.passwordFile,
    http?.secretFile,
    refreshCDN?.purge?.secretFile,
    module?.secretFile,
    module?.path,
  ];
  for (const file of files) if (file) hash.update(contentOf(file));
  return hash.digest("hex");
}

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(nativePath(file, rootPath));
  } catch {
    return new Uint8Array(); // checked when the configuration was read; the next delivery tells
  }
}
