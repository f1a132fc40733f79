import { type EntryFormat, type FileEntry, fileTypes } from "../../../protocol/flist/entry.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { Cursor } from "../../../protocol/wire/cursor.ts";
import { readInt32 } from "../../../protocol/wire/int.ts";
import { readVarint, readVarlong } from "../../../protocol/wire/varint.ts";

/** A receiver's memory of the entry before (spec 1 §7.2); the twin of what the writer keeps. */
interface State {
  path: string;
  mode: number;
  mtimeSeconds: number;
  uid: number;
  gid: number;
  major: number;
}

function readFlags(from: Cursor, varintFlags: boolean): number {
  if (varintFlags) return readVarint(from);
  const low = from.uint8();
  return (low & 0x04) === 0 ? low : low | (from.uint8() << 8);
}

function readName(from: Cursor, flags: number, previous: string): string {
  const shared = (flags & 0x20) === 0 ? 0 : from.uint8();
  const length = (flags & 0x40) === 0 ? from.uint8() : readVarint(from);
  return previous.slice(0, shared) + from.latin1(length);
}

function readDevice(from: Cursor, flags: number, state: State) {
  if ((flags & 0x100) === 0) state.major = readVarint(from);
  return { device: { major: state.major, minor: readVarint(from) } };
}

function readEntry(from: Cursor, format: EntryFormat, state: State): FileEntry {
  const flags = readFlags(from, format.varintFlags);
  state.path = readName(from, flags, state.path);
  const size = readVarlong(from, 3);
  if ((flags & 0x80) === 0) state.mtimeSeconds = readVarlong(from, 4);
  const mtimeNanoseconds = (flags & 0x2000) === 0 ? 0 : readVarint(from);
  if ((flags & 0x02) === 0) state.mode = readInt32(from);
  if ((flags & 0x08) === 0) state.uid = readVarint(from) >>> 0;
  if ((flags & 0x10) === 0) state.gid = readVarint(from) >>> 0;
  const { path, major: _major, ...common } = state;
  const isDevice = (state.mode & fileTypes.mask) === fileTypes.characterDevice;
  const device = isDevice ? readDevice(from, flags, state) : {};
  return { path: asBytePath(path), size, mtimeNanoseconds, ...common, ...device };
}

/** Reads entries as the wire notes lay them out, until the bytes end. */
export function readEntries(bytes: Uint8Array, format: EntryFormat): FileEntry[] {
  const from = new Cursor(bytes);
  const state: State = { path: "", mode: 0, mtimeSeconds: 0, uid: 0, gid: 0, major: 0 };
  const entries: FileEntry[] = [];
  while (from.available > 0) entries.push(readEntry(from, format, state));
  return entries;
}
