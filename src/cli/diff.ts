import { asBytePath, displayPath, RsyncError, rootPath } from "../../protocol/index.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import type { Config, Remote, Source } from "../config/schema.ts";
import { display } from "../display.ts";
import { type Difference, findDifferences } from "../push/difference.ts";
import { formatVerdict, type GuardVerdict } from "../push/guard.ts";
import { addressOf, nameOf } from "../target/address.ts";
import { readIdentity } from "../watch/directory.ts";
import type { Answer } from "./check.ts";

export interface DiffOptions {
  readonly files: readonly string[];
  readonly json: boolean;
}

/** One source and one of its destinations, compared. */
interface Compared {
  readonly source: string;
  readonly target: string;
  readonly differences: readonly Difference[];
  readonly verdict: GuardVerdict | undefined;
}

/**
 * `sersync diff`: what `-r` would send and delete, for each source and destination. Nothing is
 * changed on either side.
 */
export async function runDiff({ files, json }: DiffOptions): Promise<Answer> {
  try {
    const compared: Compared[] = [];
    for (const file of files) {
      const { config } = loadConfig(file, {});
      for (const source of config.sources) {
        for (const remote of source.remotes) compared.push(await compare(config, source, remote));
      }
    }
    const text = json
      ? JSON.stringify(compared.map(toJson), null, 2)
      : compared.map(toText).join("\n\n");
    return { text: `${text}\n`, exitCode: 0 };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof RsyncError) {
      return { text: `${error.message}\n`, exitCode: error.exitCode };
    }
    throw error;
  }
}

async function compare(config: Config, source: Source, remote: Remote): Promise<Compared> {
  const { params, filter, events, deleteGuard = {}, timeoutSeconds } = config;
  const { watch } = source;
  const rootIdentity = readIdentity(watch, rootPath);
  if (rootIdentity === undefined) {
    throw new RsyncError("SOURCE_MISSING", `Cannot compare ${display(watch)}: no such directory`);
  }
  const differences: Difference[] = [];
  const verdict = await findDifferences(
    {
      id: 0,
      target: addressOf(remote, config),
      root: watch,
      rootIdentity,
      mounts: [],
      transfer: params,
      filter,
      deletes: events.delete && !remote.isShared,
      guard: deleteGuard,
      holdsDeletions: false,
      sessions: 1,
      timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000,
    },
    (difference) => differences.push(difference),
  );
  return { source: watch, target: nameOf(remote), differences, verdict };
}

function toJson({ source, target, differences, verdict }: Compared): unknown {
  return {
    source: display(source),
    target,
    halts: verdict?.allowed === false,
    differences: differences.map(({ path, action }) => ({ action, path: displayPath(path) })),
  };
}

function toText({ source, target, differences, verdict }: Compared): string {
  const title = `${displayPath(asBytePath(source))} and ${target}:`;
  if (differences.length === 0) return `${title} no difference`;
  const lines = differences.map(({ path, action }) => `  ${action.padEnd(6)} ${displayPath(path)}`);
  const halt =
    verdict?.allowed === false
      ? [`  Nothing would be deleted: ${formatVerdict(verdict)}; a person is asked first.`]
      : [];
  return [title, ...lines, ...halt].join("\n");
}
