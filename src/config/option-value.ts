import { posix } from "node:path";
import {
  type CompressionName,
  compileSuffixes,
  parseChecksumChoice,
  parseChmod,
  type TransferOptions,
} from "../../protocol/index.ts";
import type { ValueReader } from "./option-rule.ts";
import type { OptionsDraft } from "./options-draft.ts";
import { nearestWord } from "./spelling.ts";

interface Limits {
  readonly least: number;
  readonly most: number;
}

const plainNumbers = {
  timeoutSeconds: { least: 0, most: 86_400 },
  maxDelete: { least: -1, most: 2_147_483_647 },
  modifyWindowSeconds: { least: -1, most: 2_147_483_647 },
  checksumSeed: { least: -2_147_483_648, most: 2_147_483_647 },
} as const satisfies Partial<Record<ValueReader, Limits>>;

// rsync.h: MAX_BLOCK_SIZE.
const mostBlockBytes = 131_072;
const mostBandwidthKiB = 1_000_000_000;
const compressionNames: readonly CompressionName[] = ["zstd", "lz4", "zlibx", "zlib"];

type Read = (value: string, draft: OptionsDraft) => string | undefined;

/** Each reads a value into the draft, or says what would have been allowed. */
const readers: Readonly<Record<ValueReader, Read>> = {
  timeoutSeconds: plainNumber("timeoutSeconds"),
  maxDelete: (value, { options }) => {
    const { least, most } = plainNumbers.maxDelete;
    const number = parseWhole(value, plainNumbers.maxDelete);
    // rsync's older way to say 0.
    options.maxDelete = Math.max(0, number ?? 0);
    return number === undefined ? `a number from ${least} to ${most}` : undefined;
  },
  modifyWindowSeconds: plainNumber("modifyWindowSeconds"),
  checksumSeed: plainNumber("checksumSeed"),
  compressLevel: readLevel,
  blockSizeBytes: (value, { options }) => {
    const bytes = parseSize(value, 1);
    if (bytes === undefined || bytes > mostBlockBytes) return `a size up to ${mostBlockBytes}`;
    options.blockSizeBytes = bytes;
    return undefined;
  },
  bandwidthKiB: (value, { options }) => {
    const bytes = parseSize(value, 1024);
    if (bytes === undefined || bytes / 1024 > mostBandwidthKiB) return "a rate such as 1000, 1.5m";
    options.bandwidthKiB = Math.ceil(bytes / 1024);
    return undefined;
  },
  compressChoice: readCompression,
  checksumChoice: readChecksum,
  skipCompress: readSuffixes,
  tempDir: (value, { options }) => {
    options.tempDir = value;
    return undefined;
  },
  backupDir: (value, { options }) => {
    if (value === "") delete options.backupDir;
    else options.backupDir = value;
    options.backup = true;
    return undefined;
  },
  suffix: (value, { options }) => {
    options.suffix = value;
    return undefined;
  },
  partialDir: (value, { options }) => {
    delete options.partialDir;
    Object.assign(options, keptParts(value));
    return undefined;
  },
  chmod: readChmod,
  chown: readChown,
  userMap: (value, { options }) => {
    options.userMap = value;
    options.owner = true;
    return isMap(value) ? undefined : "FROM:TO, more of them behind commas";
  },
  groupMap: (value, { options }) => {
    options.groupMap = value;
    options.group = true;
    return isMap(value) ? undefined : "FROM:TO, more of them behind commas";
  },
  maxSizeBytes: sizeLimit("maxSizeBytes"),
  minSizeBytes: sizeLimit("minSizeBytes"),
  remoteOption: (value, { options }) => {
    options.remoteOptions = [...(options.remoteOptions ?? []), value];
    return value.startsWith("-") ? undefined : "an option";
  },
  port: (value, draft) => {
    const port = parseWhole(value, { least: 1, most: 65_535 });
    if (port === undefined) return "a number from 1 to 65535";
    draft.port = port;
    return undefined;
  },
  passwordFile: (value, draft) => {
    draft.passwordFile = value;
    return value === "-" ? "a file; sersync does not ask" : undefined;
  },
  remoteShell: (value, draft) => {
    draft.remoteShell = value;
    return undefined;
  },
  exclude: (value, draft) => addPattern(false, value, draft),
  include: (value, draft) => addPattern(true, value, draft),
  filter: readFilter,
};

/** What `--partial-dir` says; as in rsync, no directory and "." mean that parts stay in place. */
export function keptParts(value: string): Pick<TransferOptions, "partial" | "partialDir"> {
  const directory = posix.normalize(value).replace(/(?<=.)\/$/, "");
  return directory === "." ? { partial: true } : { partialDir: directory };
}

/** Reads the value of option `shown` into the draft, or adds a problem that names both. */
export function readValue(
  reader: ValueReader,
  shown: string,
  value: string,
  draft: OptionsDraft,
): void {
  const allowed = readers[reader](value, draft);
  if (allowed === undefined) return;
  draft.problems.push(`${shown}: found ${JSON.stringify(value)}; allowed is ${allowed}`);
}

function plainNumber(key: keyof typeof plainNumbers): Read {
  const limits = plainNumbers[key];
  return (value, { options }) => {
    const number = parseWhole(value, limits);
    if (number === undefined) return `a number from ${limits.least} to ${limits.most}`;
    options[key] = number;
    return undefined;
  };
}

function parseWhole(value: string, { least, most }: Limits): number | undefined {
  const number = /^-?[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function sizeLimit(key: "maxSizeBytes" | "minSizeBytes"): Read {
  return (value, { options }) => {
    // One byte more or less, as in "10m-1": rsync's way to say "less than".
    const [, size = "", offset = "0"] = /^(.*?)([-+]1)?$/.exec(value) ?? [];
    const bytes = parseSize(size, 1);
    if (bytes === undefined) return "a size such as 1000, 1.5m, 10GB-1";
    options[key] = Math.max(0, bytes + Number(offset));
    return undefined;
  };
}

/** Several of them add up, as in rsync. */
function readChmod(value: string, { options }: OptionsDraft): string | undefined {
  try {
    parseChmod(value, 0);
  } catch {
    return "clauses such as D755,F644 or u+rw,go=rX";
  }
  options.chmod = options.chmod === undefined ? value : `${options.chmod},${value}`;
  return undefined;
}

/** `USER:GROUP`, either of which may be left out: all owners become these. */
function readChown(value: string, { options }: OptionsDraft): string | undefined {
  const [, user = "", group = ""] = /^([^:,]*)(?::([^:,]*))?$/.exec(value) ?? [];
  if (user === "" && group === "") return "USER, USER:GROUP or :GROUP";
  if (user !== "") Object.assign(options, { owner: true, userMap: `*:${user}` });
  if (group !== "") Object.assign(options, { group: true, groupMap: `*:${group}` });
  return undefined;
}

function isMap(value: string): boolean {
  return value.split(",").every((rule) => /^[^:]*:[^:]+$/.test(rule));
}

const unitPowers: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3, t: 4 };

/** rsync's sizes: `4096`, `4K`, `1.5m`, `1MB` (powers of 1000), `1MiB`; in bytes. */
function parseSize(value: string, bareUnitBytes: number): number | undefined {
  const found = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)(?:([bkmgt])(b|ib)?)?$/i.exec(value);
  if (found === null) return undefined;
  const [, number = "", letter, tail = ""] = found;
  if (letter === undefined) return Math.floor(Number(number) * bareUnitBytes);
  const base = tail.toLowerCase() === "b" ? 1000 : 1024;
  return Math.floor(Number(number) * base ** (unitPowers[letter.toLowerCase()] ?? 0));
}

/** A level switches compression on, but for level 0, which zlib takes for off. */
function readLevel(value: string, { options }: OptionsDraft): string | undefined {
  const level = parseWhole(value, { least: -131_072, most: 22 });
  if (level === undefined) return "a number from -131072 to 22";
  options.compressLevel = level;
  if (level !== 0) options.compress ||= true;
  return undefined;
}

/** rsync has a code of its own for what is not known by name. */
const unknownName = 4;

function readCompression(value: string, draft: OptionsDraft): string | undefined {
  const { options } = draft;
  if (value === "none") options.compress = false;
  else if (value === "auto") options.compress = true;
  else {
    const name = compressionNames.find((known) => known === value);
    if (name === undefined) {
      const near = nearestWord(value, compressionNames);
      draft.exitCode = unknownName;
      return `one of ${compressionNames.join(", ")}, none, auto${near ? `; did you mean ${near}?` : ""}`;
    }
    options.compress = name;
  }
  return undefined;
}

function readSuffixes(value: string, { options }: OptionsDraft): string | undefined {
  const suffixes = value.split("/").filter((suffix) => suffix !== "");
  try {
    compileSuffixes(suffixes);
  } catch {
    return "suffixes such as gz/jpg/mp[34], or *";
  }
  options.skipCompress = suffixes;
  return undefined;
}

function readChecksum(value: string, draft: OptionsDraft): string | undefined {
  const { options } = draft;
  if (value === "auto") {
    delete options.checksumChoice;
    return undefined;
  }
  try {
    parseChecksumChoice(value);
  } catch (error) {
    draft.exitCode = unknownName;
    return (error as Error).message.replace(/^.*: there are /s, "");
  }
  options.checksumChoice = value;
  return undefined;
}

/** `- pattern`, `+ pattern`, `exclude pattern`, `include pattern`; anything else is refused. */
function readFilter(value: string, draft: OptionsDraft): string | undefined {
  const found = /^(?:([-+])[ _]?|(exclude|include)[ _])([\s\S]+)$/.exec(value);
  if (found === null) return `"- PATTERN" or "+ PATTERN"`;
  return addPattern(found[1] === "+" || found[2] === "include", found[3] ?? "", draft);
}

function addPattern(include: boolean, pattern: string, draft: OptionsDraft): string | undefined {
  if (pattern === "" || pattern === "/") return "a pattern";
  draft.patterns.push({ include, pattern });
  return undefined;
}
