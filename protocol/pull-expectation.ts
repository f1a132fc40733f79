import { RsyncError } from "./errors.ts";
import { conversionOf } from "./flist/charset.ts";
import { isDirectory } from "./flist/entry.ts";
import { wantedNames } from "./flist/wanted-names.ts";
import { displayPath } from "./path.ts";
import { type PullJob, sourcePlace } from "./pull-job.ts";
import type { Slots } from "./roles/incoming-lists.ts";

/** What a file list is held against. */
export type ListExpectation = (slots: Slots) => void;

/**
 * What a daemon may list: what it was asked for, and nothing that the rules leave out. A list in
 * which there is more comes from one that wants to write elsewhere than it was let.
 *
 * Rules that only the sender can read, and names that are in a file of its own, cannot be held
 * against it.
 *
 * @returns undefined where it may list whatever it likes; else what throws an RsyncError
 *   UNREQUESTED.
 */
export function listExpectation(
  job: Pick<
    PullJob,
    | "target"
    | "moreSources"
    | "filesFrom"
    | "wildcards"
    | "transfer"
    | "filter"
    | "trustsSender"
    | "trustsArguments"
  >,
): ListExpectation | undefined {
  if (job.trustsSender) return undefined;
  const isWanted = job.trustsArguments ? undefined : wantedOf(job);
  const isHidden = job.filter?.hiding();
  if (isWanted === undefined && isHidden === undefined) return undefined;
  return (slots) => {
    for (const entry of slots) {
      if (entry === undefined || entry.path === "") continue;
      const isDir = isDirectory(entry);
      if (isHidden?.(entry.path, isDir)) throw unrequested(entry.path, "which the rules leave out");
      if (isWanted?.(entry.path, isDir) === false) {
        throw unrequested(entry.path, "which was not asked for");
      }
    }
  };
}

function wantedOf(job: Parameters<typeof listExpectation>[0]): ReturnType<typeof wantedNames> {
  const { target, moreSources = [], filesFrom, wildcards = false, transfer } = job;
  if (filesFrom !== undefined && "file" in filesFrom) return undefined;
  const sent = filesFrom?.names ?? [target, ...moreSources].map((each) => sourcePlace(job, each));
  const places = sent.map((place) => asListed(place, transfer.iconv));
  if (places.includes(undefined)) return undefined;
  const { recursive, dirs, relative = false } = transfer;
  return wantedNames({
    places: places as readonly string[],
    wildcards: wildcards && filesFrom === undefined,
    relative,
    depth: recursive ? "tree" : dirs || filesFrom !== undefined ? "content" : "name",
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const nonAscii = /[^\x00-\x7f]/;

/** Places are told in the bytes that names have there; lists come in those of here. */
function asListed(place: string, iconv: PullJob["transfer"]["iconv"]): string | undefined {
  if (iconv === undefined || !nonAscii.test(place)) return place;
  try {
    const wire = conversionOf(iconv.remote).toWire(place);
    return wire === undefined ? undefined : conversionOf(iconv.local).fromWire(wire);
  } catch {
    return undefined; // a character set that only the daemon knows
  }
}

function unrequested(path: Parameters<typeof displayPath>[0], found: string): RsyncError {
  const name = JSON.stringify(displayPath(path).slice(0, 200));
  return new RsyncError("UNREQUESTED", `Cannot take the file list: it has ${name}, ${found}`);
}
