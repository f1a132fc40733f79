import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whose directories are looked for. */
export interface Whereabouts {
  /** Default: this process's. */
  readonly environment?: Environment;
  /** Default: this process's. */
  readonly uid?: number;
}

/** A name no longer than this fits into every system's `sun_path`, its final NUL included. */
const longestSocketPath = 103;
/** The longest file name that is made in a runtime directory: `.key.pid-number.sock`. */
const longestName = 44;
/** Only root makes directories here, so whoever owns this one was meant to. */
const systemDirectory = "/run/sersync";

/**
 * What a configuration is known by to its own process and to others: the same for every name and
 * link that leads to the file.
 */
export function configurationKey(file: string): string {
  return keyOf("file", realPath(path.resolve(file)));
}

/** What a mirror without a configuration file is known by. */
export function settingsKey(source: string, targets: readonly string[]): string {
  return keyOf("watch", realPath(path.resolve(source)), ...[...targets].sort());
}

function keyOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 24);
}

/** Without links; of what is gone, at least where it was. */
export function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
}

/** Where sockets may be, the place that is tried first in front. */
export function runtimeDirectories(whereabouts: Whereabouts = {}): readonly string[] {
  const { environment = process.env, uid = ownUid() } = whereabouts;
  const { SERSYNC_RUNTIME_DIR, XDG_RUNTIME_DIR } = environment;
  if (SERSYNC_RUNTIME_DIR) return [path.resolve(SERSYNC_RUNTIME_DIR)];
  const ofSession = XDG_RUNTIME_DIR?.startsWith("/") ? [path.join(XDG_RUNTIME_DIR, "sersync")] : [];
  return [systemDirectory, ...ofSession, path.join(tmpdir(), `sersync-${uid}`)];
}

/** The path of a key's socket. */
export function socketPath(directory: string, key: string): string {
  return path.join(directory, `${key}.sock`);
}

/** Who runs this; 0 where users have no numbers. */
export function ownUid(): number {
  return process.getuid?.() ?? 0;
}

/**
 * Makes a directory ready for this process's own sockets.
 *
 * @returns why it cannot be used, or undefined.
 */
export function prepareDirectory(directory: string, uid: number = ownUid()): string | undefined {
  if (Buffer.byteLength(directory) + 1 + longestName > longestSocketPath) {
    return `${directory} is too long a name for a socket's directory`;
  }
  try {
    // Anybody may see that the system's mirrors run; the sockets themselves are for their owner.
    mkdirSync(directory, { mode: directory === systemDirectory ? 0o755 : 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") return `cannot make ${directory}: ${code}`;
  }
  return distrust(directory, (owner) => owner === uid);
}

/**
 * Why a directory's sockets are not to be talked to; undefined when they are ours or the system's.
 *
 * In a place that others may write to, anybody could have put a directory of that name, or a link.
 */
export function distrustOfOthers(directory: string, uid: number = ownUid()): string | undefined {
  const isTrusted = (owner: number): boolean =>
    owner === uid || owner === 0 || directory === systemDirectory;
  return distrust(directory, isTrusted);
}

function distrust(directory: string, isTrusted: (owner: number) => boolean): string | undefined {
  try {
    const stats = lstatSync(directory);
    if (!stats.isDirectory()) return `${directory} is no directory`;
    if (!isTrusted(stats.uid)) return `${directory} belongs to user ${stats.uid}`;
    if ((stats.mode & 0o022) !== 0) return `others may write in ${directory}`;
    return undefined;
  } catch (error) {
    return `cannot use ${directory}: ${(error as NodeJS.ErrnoException).code}`;
  }
}
