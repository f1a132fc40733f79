import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  distrustOfOthers,
  prepareDirectory,
  realPath,
  runtimeDirectories,
  socketPath,
  type Whereabouts,
} from "./address.ts";
import { claimName, identityOf, releaseName } from "./claim.ts";
import { presenceAt } from "./client.ts";
import { isProcess, startTicks } from "./process.ts";
import type { ControlServer } from "./server.ts";

/** Another process has what was to be claimed. */
export class AlreadyRuns extends Error {
  readonly pid: number | undefined;
  /** What the command line exits with. */
  readonly exitCode = 1;

  constructor(what: string, pid: number | undefined) {
    const who = pid === undefined ? "another process" : `process ${pid}`;
    super(`${what} is already mirrored by ${who}; stop it first (sersync stop)`);
    this.pid = pid;
  }
}

/** There is no place for a control socket. */
export class NoRuntimeDirectory extends Error {}

/** Told to those who may not, or cannot, ask the process itself. */
interface Note {
  readonly pid: number;
  /** {@link startTicks} of the process. */
  readonly start: number | undefined;
  /** What it mirrors, for people. */
  readonly file: string;
  /** The watched directory, where there is no configuration file. */
  readonly source?: string | undefined;
}

export interface ClaimOptions extends Whereabouts {
  readonly key: string;
  /** What is mirrored, for people. */
  readonly file: string;
  /** The watched directory, where there is no configuration file: others find it by that. */
  readonly source?: string | undefined;
}

let claims = 0;

/**
 * A configuration that belongs to this process, and to no other: its control socket is the lock.
 * The kernel lets go of it when the process ends, however it ends.
 */
export class Instance {
  /** Where it can be asked. */
  readonly path: string;
  readonly #identity: string | undefined;
  readonly #note: string;

  private constructor(socket: string, note: string) {
    this.path = socket;
    this.#identity = identityOf(socket);
    this.#note = note;
  }

  /**
   * Makes `server` listen at the key's socket.
   *
   * @throws {AlreadyRuns} when another process does so.
   * @throws {NoRuntimeDirectory} when no directory can hold the socket.
   */
  static async claim(server: ControlServer, options: ClaimOptions): Promise<Instance> {
    const { key, file, source, uid } = options;
    await refuseSecond(options);
    const directory = usableDirectory(options);
    const socket = socketPath(directory, key);
    claims += 1;
    const made = path.join(directory, `.${process.pid}-${claims}`);
    rmSync(made, { force: true }); // of a process of our number that was killed
    await server.listen(made);
    try {
      const isOurs = await claimName(made, socket, async (name) => {
        const presence = await presenceAt(name);
        return presence === "alive" || presence === "forbidden";
      });
      if (!isOurs) throw new AlreadyRuns(file, readNote(directory, key, uid)?.pid);
    } catch (error) {
      await server.close();
      throw error;
    } finally {
      rmSync(made, { force: true });
    }
    return new Instance(socket, writeNote(directory, key, { file, source }));
  }

  /** Lets others claim it. */
  release(): void {
    releaseName(this.path, this.#identity);
    rmSync(this.#note, { force: true });
  }
}

/** Every directory is looked into: the other one may have been started from another session. */
async function refuseSecond(options: ClaimOptions): Promise<void> {
  const { key, file, uid } = options;
  for (const directory of runtimeDirectories(options)) {
    if (distrustOfOthers(directory, uid) !== undefined) continue;
    const presence = await presenceAt(socketPath(directory, key));
    const note = readNote(directory, key, uid);
    const isForeign = presence === "forbidden" && note !== undefined && isAlive(note);
    if (presence === "alive" || isForeign) throw new AlreadyRuns(file, note?.pid);
  }
}

function usableDirectory(options: ClaimOptions): string {
  const problems: string[] = [];
  for (const directory of runtimeDirectories(options)) {
    const problem = prepareDirectory(directory, options.uid);
    if (problem === undefined) return directory;
    problems.push(problem);
  }
  throw new NoRuntimeDirectory(`no place for a control socket: ${problems.join("; ")}`);
}

function notePath(directory: string, key: string): string {
  return path.join(directory, `${key}.json`);
}

function writeNote(directory: string, key: string, what: Pick<Note, "file" | "source">): string {
  const note: Note = { pid: process.pid, start: startTicks(process.pid), ...what };
  const whole = notePath(directory, key);
  const made = `${whole}.${process.pid}`;
  writeFileSync(made, `${JSON.stringify(note)}\n`, { mode: 0o644 });
  renameSync(made, whole);
  return whole;
}

function readNote(directory: string, key: string, uid: number | undefined): Note | undefined {
  if (distrustOfOthers(directory, uid) !== undefined) return undefined;
  try {
    const note = JSON.parse(readFileSync(notePath(directory, key), "utf8")) as Note;
    return Number.isInteger(note.pid) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Note): boolean {
  return isProcess(pid) && (start === undefined || startTicks(pid) === start);
}

/** The keys of the running mirrors without a configuration file that watch a directory. */
export function keysOfSource(source: string, whereabouts: Whereabouts = {}): readonly string[] {
  const wanted = realPath(path.resolve(source));
  const keys = runtimeDirectories(whereabouts).flatMap((directory) =>
    notedKeys(directory, whereabouts.uid).filter((key) => {
      const note = readNote(directory, key, whereabouts.uid);
      return note?.source === wanted && isAlive(note);
    }),
  );
  return [...new Set(keys)];
}

function notedKeys(directory: string, uid: number | undefined): readonly string[] {
  if (distrustOfOthers(directory, uid) !== undefined) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return names.map((name) => path.basename(name, ".json"));
}
