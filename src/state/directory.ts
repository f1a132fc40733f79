import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface StatePlace {
  /** `--state-dir`; goes before everything else. */
  readonly given?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
}

/**
 * Where state is kept: what was given, else `SERSYNC_STATE_DIR`, else what systemd made for the
 * service (`STATE_DIRECTORY`), else `/var/lib/sersync` for root and `$XDG_STATE_HOME/sersync`
 * (`~/.local/state/sersync`) for others. Not beside the failLog: its default is in `/tmp`, which
 * others can write to and a restart empties.
 */
export function stateDirectory({ given, environment, isRoot }: StatePlace): string {
  const { SERSYNC_STATE_DIR, STATE_DIRECTORY, XDG_STATE_HOME } = environment;
  const chosen = given || SERSYNC_STATE_DIR || STATE_DIRECTORY?.split(":")[0];
  if (chosen) return chosen;
  if (isRoot) return "/var/lib/sersync";
  return join(XDG_STATE_HOME || join(homedir(), ".local/state"), "sersync");
}

/** The name of a target's file: short, and the same at every start. */
export function recordFile(directory: string, root: string, target: string): string {
  const hash = createHash("sha256").update(`${root}\0${target}`, "latin1").digest("hex");
  return join(directory, `${hash.slice(0, 32)}.jsonl`);
}

/** Fits the name of every target's file, and what is beside it while it is written: an rsync pattern. */
export const recordPattern: string = `${"[0-9a-f]".repeat(32)}.jsonl*`;

/** True when nothing else is in the directory; also when there is none yet. */
export function holdsRecordsOnly(directory: string): boolean {
  try {
    return readdirSync(directory).every((name) => /^[0-9a-f]{32}\.jsonl/.test(name));
  } catch {
    return true;
  }
}
