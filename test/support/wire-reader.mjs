import fs from "node:fs";

// Finds where values begin and end in recorded streams, by their lengths alone. What a value is,
// is known from the tree that was sent: so a vector cannot repeat a mistake of our own decoders.

/** Recorded bytes, read from the front. */
export class WireReader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get ended() {
    return this.#at === this.#bytes.length;
  }

  get position() {
    return this.#at;
  }

  /** What was read since `position`. */
  since(position) {
    return this.#bytes.subarray(position, this.#at);
  }

  peek() {
    return this.#bytes[this.#at];
  }

  take(length) {
    if (this.#at + length > this.#bytes.length) throw new Error(`No ${length} bytes are left`);
    this.#at += length;
    return this.since(this.#at - length);
  }

  /** Everything up to and with the next `end`. */
  takeThrough(end) {
    return this.take(this.#bytes.indexOf(end, this.#at, "latin1") + end.length - this.#at);
  }

  /** A varint is as long as its lead byte's ones say, and one; a varlong is `least` longer. */
  takeVar(least = 1) {
    return this.take(least + Math.clz32(~(this.peek() << 24)));
  }

  takeIndex() {
    const start = this.position;
    if (this.peek() === 0xff) this.take(1);
    if (this.take(1)[0] === 0xfe) this.take(this.peek() >= 0x80 ? 4 : 2);
    return this.since(start);
  }
}

function said(exchange, side) {
  const parts = exchange.filter((part) => part.side === side).map((part) => part.bytes);
  return new WireReader(Buffer.concat(parts));
}

/** The payloads of the data frames from here on, as one stream. */
export function unframe(reader) {
  const data = [];
  while (!reader.ended) {
    const header = reader.take(4).readUInt32LE();
    const payload = reader.take(header & 0xffffff);
    if (header >>> 24 === 7) data.push(payload);
  }
  return new WireReader(Buffer.concat(data));
}

/** What the client of a session without authentication and negotiation sent after its arguments. */
export function clientData(exchange) {
  const reader = said(exchange, "C");
  reader.takeThrough("\n");
  reader.takeThrough("\n");
  reader.takeThrough("\0\0");
  return unframe(reader);
}

/** What the daemon of such a session sent after the checksum seed. */
export function serverData(exchange) {
  const reader = said(exchange, "S");
  reader.takeThrough("@RSYNCD: OK\n");
  reader.takeVar();
  reader.take(4);
  return unframe(reader);
}

// Of varints that are known to be below 2^21.
function smallVarint(bytes) {
  if (bytes.length === 1) return bytes[0];
  if (bytes.length === 2) return ((bytes[0] & 0x3f) << 8) | bytes[1];
  return ((bytes[0] & 0x1f) << 16) | bytes.readUInt16LE(1);
}

function takeName(reader, flags, previous) {
  const shared = (flags & 0x20) === 0 ? 0 : reader.take(1)[0];
  const length = (flags & 0x40) === 0 ? reader.take(1)[0] : smallVarint(reader.takeVar());
  return previous.slice(0, shared) + reader.take(length).toString("latin1");
}

function takeFields(reader, flags, found, devices) {
  const fields = { size: reader.takeVar(3) };
  if ((flags & 0x80) === 0) fields.mtime = reader.takeVar(4);
  if ((flags & 0x2000) !== 0) fields.nanoseconds = reader.takeVar();
  if ((flags & 0x02) === 0) reader.take(4);
  if ((flags & 0x08) === 0) fields.uid = reader.takeVar();
  if ((flags & 0x10) === 0) fields.gid = reader.takeVar();
  if (devices && found.isCharacterDevice()) {
    if ((flags & 0x100) === 0) reader.takeVar();
    reader.takeVar();
  }
  if (found.isSymbolicLink()) reader.take(smallVarint(reader.takeVar()));
  return fields;
}

function takeEntry(reader, previous, { root, devices }) {
  const start = reader.position;
  const flags = smallVarint(reader.takeVar());
  const name = takeName(reader, flags, previous);
  const found = fs.lstatSync(Buffer.from(`${root}/${name}`, "latin1"), { bigint: true });
  const fields = takeFields(reader, flags, found, devices);
  return { name, found, fields, bytes: reader.since(start) };
}

/**
 * The entries of a file list whose flags are varints, up to the end mark of two bytes.
 *
 * @param {{ root: string, previous?: string, devices?: boolean }} options `root`: the directory
 *   that was sent, each name must exist in it; `previous`: the name before the first (default: "");
 *   `devices`: whether device numbers were sent (default: false)
 */
export function takeEntries(reader, { root, previous = "", devices = false }) {
  const entries = [];
  while (reader.peek() !== 0) {
    entries.push(takeEntry(reader, entries.at(-1)?.name ?? previous, { root, devices }));
  }
  reader.take(2);
  return entries;
}
