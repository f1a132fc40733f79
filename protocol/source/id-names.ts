import { readFileSync } from "node:fs";
import type { IdNames } from "../flist/list.ts";

const cacheMs = 60_000;

/**
 * This machine's user and group names, from /etc/passwd and /etc/group, read again after a minute.
 * Where these files are absent every id travels as a number.
 */
export class LocalIdNames implements IdNames {
  readonly #users = new NameFile("/etc/passwd");
  readonly #groups = new NameFile("/etc/group");

  user(uid: number): string | undefined {
    return this.#users.name(uid);
  }

  group(gid: number): string | undefined {
    return this.#groups.name(gid);
  }
}

/** The same the other way round: which id a name has on this machine. */
export class LocalIds {
  readonly #users = idsIn("/etc/passwd");
  readonly #groups = idsIn("/etc/group");

  /** @param name a byte string. */
  user(name: string): number | undefined {
    return this.#users.get(name);
  }

  group(name: string): number | undefined {
    return this.#groups.get(name);
  }
}

function idsIn(file: string): ReadonlyMap<string, number> {
  return new Map(
    Array.from(readNames(file), ([id, name]) => [Buffer.from(name).toString("latin1"), id]),
  );
}

/** `name:password:id:…`, a line each. */
class NameFile {
  readonly #file: string;
  #names: ReadonlyMap<number, string> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#file = file;
  }

  name(id: number): string | undefined {
    const now = performance.now();
    if (now - this.#readAt > cacheMs) {
      this.#names = readNames(this.#file);
      this.#readAt = now;
    }
    return this.#names.get(id);
  }
}

function readNames(file: string): Map<number, string> {
  const names = new Map<number, string>();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return names; // without the file there are no names, which is a legal list too
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
