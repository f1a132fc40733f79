import fs from "node:fs";
import os from "node:os";
import koffi from "koffi";
import { readTree, temporaryDirectory } from "./tree.ts";

const lib = process.platform === "linux" ? koffi.load(null) : undefined;
const set = lib?.func(
  "int lsetxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)",
);
const list = lib?.func("long llistxattr(const char *path, uint8_t *list, size_t size)");
const get = lib?.func(
  "long lgetxattr(const char *path, const uint8_t *name, uint8_t *value, size_t size)",
);
const buffer = Buffer.alloc(65_536);

/** Sets an extended attribute of exactly this object. */
export function setAttribute(path: string, name: string, value: string | Uint8Array): void {
  const bytes = Buffer.from(value);
  if (set?.(path, name, bytes, bytes.length, 0) === 0) return;
  throw new Error(`Cannot set ${name} of ${path}: error ${koffi.errno()}`);
}

/** All extended attributes of an object by their names, the values in base64. */
export function readAttributes(path: string): Record<string, string> {
  const length = Number(list?.(path, buffer, buffer.length));
  if (length < 0) throw new Error(`Cannot list the attributes of ${path}: error ${koffi.errno()}`);
  const names = buffer.toString("latin1", 0, length).split("\0").slice(0, -1).sort();
  return Object.fromEntries(
    names.map((name) => {
      const size = Number(get?.(path, Buffer.from(`${name}\0`, "latin1"), buffer, buffer.length));
      if (size < 0) throw new Error(`Cannot read ${name} of ${path}: error ${koffi.errno()}`);
      return [name, buffer.toString("base64", 0, size)];
    }),
  );
}

/** The attributes of everything below `root`, by path. */
export function attributesOf(root: string): Record<string, Record<string, string>> {
  const paths = [...readTree(root).keys()].sort();
  return Object.fromEntries(paths.map((path) => [path, readAttributes(`${root}/${path}`)]));
}

const tags = { owner: 1, user: 2, group: 4, namedGroup: 8, mask: 0x10, other: 0x20 } as const;

/** A POSIX access list as Linux stores it: `["user", 7, 1000]`, in the order of the tags. */
export function accessList(
  ...entries: readonly (readonly [kind: keyof typeof tags, permissions: number, id?: number])[]
): Buffer {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2, 0);
  for (const [index, [kind, permissions, id = 0xffffffff]] of entries.entries()) {
    bytes.writeUInt16LE(tags[kind], 4 + 8 * index);
    bytes.writeUInt16LE(permissions, 6 + 8 * index);
    bytes.writeUInt32LE(id, 8 + 8 * index);
  }
  return bytes;
}

const plain = [
  ["owner", 6],
  ["user", 6, os.userInfo().uid],
  ["group", 4],
  ["mask", 6],
  ["other", 4],
] as const;

/** False where temporary directories have no attributes, or we may not set all of them. */
export const hasAttributes: boolean = process.getuid?.() === 0 && canSet();

function canSet(): boolean {
  using directory = temporaryDirectory();
  const file = `${directory.path}/x`;
  fs.writeFileSync(file, "");
  try {
    setAttribute(file, "user.x", "");
    setAttribute(file, "trusted.x", "");
    setAttribute(file, "system.posix_acl_access", accessList(...plain));
    return true;
  } catch {
    return false;
  }
}
