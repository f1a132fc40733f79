import { asBytePath } from "../../protocol/index.ts";
import type { PendingPath } from "../pending/pending.ts";
import type { Identity } from "../watch/watcher.ts";

/** What must be known of one target after a restart. Times are ms since 1970. */
export interface TargetRecord {
  /** The source's directory and the target's name; another pair's record is none of ours. */
  readonly root: string;
  readonly target: string;
  /** The directory that was mirrored; undefined when there was none. */
  readonly identity: Identity | undefined;
  /** True when the program ended in order: nothing may have changed unseen before its end. */
  readonly clean: boolean;
  /** When everything was compared last. */
  readonly reconciledAt: number | undefined;
  /** A comparison that was wanted and is not complete. */
  readonly owed: OwedReconcile | undefined;
  /** Why deletions were held back, if they were. */
  readonly halted: string | undefined;
  readonly paths: readonly PendingPath[];
}

export interface OwedReconcile {
  readonly deletes: boolean;
  readonly excludes?: readonly string[];
}

const format = "sersync state";
const version = 2;
/** Version 1 knew of whole trees only; that is read as it is. */
const readable: readonly unknown[] = [1, version];
/** What is known of a path, as one number. */
const marks = { whole: 1, resend: 2 } as const;
const allMarks = marks.whole | marks.resend;

/**
 * A record as lines of JSON: a head, a line for each path, an end that tells a whole file from a
 * part. Paths are byte strings and stay what they are.
 *
 *     {"format":"sersync state","version":2,"root":…,"target":…,"clean":…,…}
 *     ["d/name",1,1763838000000,3,"Permission denied"]     marks, since, attempts, reason
 *     ["old",1,1763838000000,0,null,"d/name"]              goes when its new name has arrived
 *     {"end":2}
 *
 * Marks: 1 the whole tree, 2 with all content, whatever size and time say.
 */
export function* encodeRecord(record: TargetRecord): Generator<string> {
  const { paths, ...head } = record;
  yield JSON.stringify({ format, version, ...head });
  for (const { path, whole, resend, since, attempts, reason, after } of paths) {
    const marked = (whole ? marks.whole : 0) | (resend ? marks.resend : 0);
    const line: unknown[] = [path, marked, Math.round(since), attempts];
    if (reason !== undefined || after !== undefined) line.push(reason);
    if (after !== undefined) line.push(after);
    yield JSON.stringify(line);
  }
  yield JSON.stringify({ end: paths.length });
}

/** @throws {SyntaxError} when the text is no whole record of this version; says what it is. */
export function parseRecord(text: string): TargetRecord {
  const lines = text.split("\n").filter((line) => line !== "");
  const head = parseLine(lines[0]);
  if (!isObject(head) || head["format"] !== format) throw new SyntaxError("it is no state file");
  if (!readable.includes(head["version"])) {
    throw new SyntaxError(`its version is ${String(head["version"])}, not ${version}`);
  }
  const end = parseLine(lines.at(-1));
  const paths = lines.slice(1, -1).map((line) => parsePath(parseLine(line)));
  if (!isObject(end) || end["end"] !== paths.length) throw new SyntaxError("its end is missing");
  return { ...parseHead(head), paths };
}

function parseHead(head: Readonly<Record<string, unknown>>): Omit<TargetRecord, "paths"> {
  const { root, target, clean, identity, reconciledAt, owed, halted } = head;
  if (typeof root !== "string" || typeof target !== "string" || typeof clean !== "boolean") {
    throw new SyntaxError("its head is damaged");
  }
  return {
    root,
    target,
    clean,
    identity: parseIdentity(identity),
    reconciledAt: typeof reconciledAt === "number" ? reconciledAt : undefined,
    owed: parseOwed(owed),
    halted: typeof halted === "string" ? halted : undefined,
  };
}

function parseIdentity(value: unknown): Identity | undefined {
  if (!isObject(value)) return undefined;
  const { device, inode, bornMs } = value;
  const numbers = [device, inode, bornMs];
  if (!numbers.every((number) => typeof number === "number")) return undefined;
  return { device: Number(device), inode: Number(inode), bornMs: Number(bornMs) };
}

function parseOwed(value: unknown): OwedReconcile | undefined {
  if (!isObject(value)) return undefined;
  const { deletes, excludes } = value;
  const patterns = Array.isArray(excludes)
    ? excludes.filter((each) => typeof each === "string")
    : [];
  return { deletes: deletes === true, excludes: patterns };
}

function parsePath(value: unknown): PendingPath {
  const [path, marked, since, attempts, reason, after] = Array.isArray(value)
    ? (value as unknown[])
    : [];
  const isSound = isInside(path) && isMarked(marked) && (after === undefined || isInside(after));
  if (!isSound || typeof since !== "number" || typeof attempts !== "number") {
    throw new SyntaxError("a line of it is damaged");
  }
  return {
    path: asBytePath(path),
    whole: (marked & marks.whole) !== 0,
    since,
    attempts,
    ...(typeof reason === "string" && { reason }),
    ...((marked & marks.resend) !== 0 && { resend: true }),
    ...(after !== undefined && { after: asBytePath(after) }),
  };
}

function isMarked(value: unknown): value is number {
  return typeof value === "number" && (value & allMarks) === value;
}

/** A byte string that cannot lead out of the root: the file may have been tampered with. */
function isInside(path: unknown): path is string {
  if (typeof path !== "string" || /[\0\u0100-\uffff]/.test(path)) return false;
  return (
    path === "" || path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function parseLine(line: string | undefined): unknown {
  return line === undefined ? undefined : (JSON.parse(line) as unknown);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
