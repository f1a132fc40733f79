import fs from "node:fs";

/** Holds directories open that it could open again. */
export interface Holder {
  /** Closes what is not in use at this moment. */
  release(): void;
}

const holders = new Set<Holder>();
/** Whatever there are of sessions, they leave room for sockets and files below the usual 1,024. */
const mostHeldInAll = 512;
const mostHeldByOne = 64;
const leastHeldByOne = 4;

/** Makes a holder known until it {@link leave}s. */
export function join(holder: Holder): void {
  holders.add(holder);
}

export function leave(holder: Holder): void {
  holders.delete(holder);
}

/** How many descriptors each holder may keep for later, with so many of them here. */
export function mostHeld(): number {
  const share = Math.floor(mostHeldInAll / Math.max(1, holders.size));
  return Math.max(leastHeldByOne, Math.min(mostHeldByOne, share));
}

/** Does what takes a descriptor; where the process has none left, holders give back theirs first. */
export function withDescriptor<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") throw error;
    for (const holder of holders) holder.release();
    return call();
  }
}

/** open(2) */
export function openDescriptor(path: string | Buffer, flags: number, mode?: number): number {
  return withDescriptor(() => fs.openSync(path, flags, mode));
}
