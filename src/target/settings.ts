import type { Target as TargetAddress } from "../../protocol/index.ts";
import type { Config, Source } from "../config/schema.ts";
import type { GuardOptions } from "../push/guard.ts";
import type { TargetSettings } from "../push/message.ts";

/** What a configuration, and the command line, say of every target of a source. */
export interface SettingsOptions {
  readonly config: Config;
  readonly source: Source;
  readonly guard: GuardOptions;
  readonly sessions: number;
}

/** What is known of one target at this moment. */
export interface Circumstances
  extends Pick<TargetSettings, "id" | "rootIdentity" | "mounts" | "holdsDeletions" | "isShared"> {
  readonly address: TargetAddress;
  /** False where what is not there says nothing about what was. */
  readonly mayDelete: boolean;
}

/** Everything that the push thread of a target must know. */
export function settingsOf(
  { config, source, guard, sessions }: SettingsOptions,
  { address, mayDelete, ...circumstances }: Circumstances,
): TargetSettings {
  const { params, filter, events, timeoutSeconds } = config;
  return {
    ...circumstances,
    target: address,
    root: source.watch,
    transfer: params,
    filter,
    deletes: events.delete && mayDelete,
    guard,
    sessions,
    timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000,
  };
}
