import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { RsyncError } from "../../protocol/index.ts";
import { claimName, identityOf, releaseName } from "../control/claim.ts";
import { AlreadyRuns } from "../control/instance.ts";
import { isProcess, startTimeMs } from "../control/process.ts";

/** Both times are known to a second. */
const toleranceMs = 2_000;
/** The longest pid and what a person's editor may add. */
const longestPidFile = 32;

/** A file with this process's number, for scripts; it belongs to one living process at a time. */
export interface PidFile {
  /** Removes the file, if it is still ours. */
  release(): void;
}

/**
 * Writes the pid to `file`, which one living process can do at a time; what a killed one left is
 * replaced.
 *
 * @throws {RsyncError} BAD_OPTION when the process named there lives, the file is something else,
 *   or it cannot be written.
 */
export async function claimPidFile(file: string): Promise<PidFile> {
  try {
    return await claim(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const found = code ?? message;
    throw new RsyncError("BAD_OPTION", `Cannot hold the pid file ${file}: ${found}`, { cause });
  }
}

async function claim(file: string): Promise<PidFile> {
  const made = `${file}.${process.pid}`;
  rmSync(made, { force: true });
  writeFileSync(made, `${process.pid}\n`, { mode: 0o644, flag: "wx" });
  try {
    const isOurs = await claimName(made, file, async () => ownerOf(file) !== undefined);
    if (!isOurs) throw new AlreadyRuns(`what ${file} stands for`, ownerOf(file));
  } finally {
    rmSync(made, { force: true });
  }
  const identity = identityOf(file);
  return { release: () => releaseName(file, identity) };
}

/** The living process that wrote the file; undefined when it has ended. */
function ownerOf(file: string): number | undefined {
  const text = readShort(file);
  if (text === undefined || text === "") return undefined;
  if (!/^[0-9]+$/.test(text)) throw new Error(`${file} is no pid file: its content is left alone`);
  const pid = Number(text);
  if (pid === process.pid || pid === 0 || !isProcess(pid)) return undefined;
  const began = startTimeMs(pid);
  // The number may have been given to another process since.
  const isOld = began === undefined || began <= statSync(file).mtimeMs + toleranceMs;
  return isOld ? pid : undefined;
}

function readShort(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile() || stats.size > longestPidFile) {
    throw new Error(`${file} is no pid file: its content is left alone`);
  }
  return readFileSync(file, "latin1").trim();
}
