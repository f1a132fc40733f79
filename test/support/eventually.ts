import { expect } from "vitest";

/** How long a busy machine may take for what is a matter of milliseconds. */
export const patienceMs = 45_000;

/** Asks `look` again and again until what it gives is as expected; in the end that fails. */
export function eventually<T>(look: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll<T>(look as () => T, { timeout: patienceMs, interval: 20 });
}
