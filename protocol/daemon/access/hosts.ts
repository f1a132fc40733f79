import { RsyncError } from "../../errors.ts";
import { compilePattern } from "../../flist/pattern.ts";
import { asBytePath } from "../../path.ts";
import { type AddressBytes, readAddress } from "./address.ts";

/** One pattern of `hosts allow` or `hosts deny`. */
export type HostPattern =
  | { readonly kind: "network"; readonly address: AddressBytes; readonly mask: Uint8Array }
  | {
      readonly kind: "name";
      readonly name: string;
      /** A name with `*`, `?` or `[`, which can only be found in what a reverse lookup tells. */
      readonly matches: ((name: string) => boolean) | undefined;
    };

/** Who may connect; a list that is not there says nothing. */
export interface HostRules {
  readonly allow?: readonly HostPattern[] | undefined;
  readonly deny?: readonly HostPattern[] | undefined;
}

/** Asks for names; what is not looked up is undefined. */
export interface HostNames {
  /** The name that belongs to an address; undefined for one without. */
  readonly reverse?: ((address: string) => Promise<string | undefined>) | undefined;
  /** The addresses that belong to a name. */
  readonly forward?: ((name: string) => Promise<readonly string[]>) | undefined;
}

/**
 * Reads `hosts allow` or `hosts deny` (rsyncd.conf(5)): patterns parted by commas or blanks.
 *
 * @throws {RsyncError} BAD_OPTION for a mask or an address that is none, and for netgroups: rsync
 *   passes over what it cannot read, and lets in whom a `hosts deny` meant.
 */
export function parseHostPatterns(text: string): HostPattern[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  return words.map(parsePattern);
}

function parsePattern(word: string): HostPattern {
  if (word.startsWith("@")) throw badPattern(word, "netgroups are not supported");
  const slash = word.indexOf("/");
  const address = readAddress(slash < 0 ? word : word.slice(0, slash));
  if (address === undefined) {
    if (slash >= 0) throw badPattern(word, "what is in front of the / is no whole address");
    if (/^[\d.]+$|:/.test(word)) throw badPattern(word, "it is no whole address");
    return namePattern(word.toLowerCase());
  }
  const { length } = address.bytes;
  const mask = slash < 0 ? maskOf(length * 8, length) : parseMask(word.slice(slash + 1), length);
  if (mask === undefined) throw badPattern(word, "what is behind the / is no mask");
  return { kind: "network", address, mask };
}

function namePattern(name: string): HostPattern {
  if (!/[*?[]/.test(name)) return { kind: "name", name, matches: undefined };
  const matches = compilePattern(`/${name}`);
  return { kind: "name", name, matches: (each) => matches(asBytePath(each), false) };
}

function parseMask(text: string, length: number): Uint8Array | undefined {
  if (/^\d{1,3}$/.test(text)) {
    return Number(text) > length * 8 ? undefined : maskOf(Number(text), length);
  }
  const bytes = readAddress(text)?.bytes;
  return bytes?.length === length ? bytes : undefined;
}

function maskOf(bits: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => {
    const ones = Math.min(8, Math.max(0, bits - at * 8));
    return 0xff & ~(0xff >> ones);
  });
}

function badPattern(word: string, found: string): RsyncError {
  return new RsyncError(
    "BAD_OPTION",
    `Cannot use the host pattern ${JSON.stringify(word)}: ${found}`,
  );
}

/**
 * Says whether a client may connect: who is allowed, and of the others who is not denied; with only
 * an `allow` list nobody else.
 *
 * Names are asked for only when no address has decided, and then at most once.
 */
export async function admitsHost(
  { allow, deny }: HostRules,
  address: string,
  names: HostNames = {},
): Promise<boolean> {
  const client = readAddress(address);
  // A name that is controlled by the client is never asked for twice.
  let asked: Promise<string> | undefined;
  const reverse = (): Promise<string> => {
    asked ??= ownName(names, address);
    return asked;
  };
  const lookups = { reverse, forward: names.forward, address: client };
  if (allow !== undefined && (await isAmong(allow, lookups))) return true;
  if (deny === undefined) return allow === undefined;
  return !(await isAmong(deny, lookups));
}

/** The names of those without one are rsync's: the pattern `*` means them, too. */
async function ownName({ reverse }: HostNames, address: string): Promise<string> {
  return reverse === undefined ? "UNDETERMINED" : ((await reverse(address)) ?? "UNKNOWN");
}

interface Lookups {
  readonly address: AddressBytes | undefined;
  readonly reverse: () => Promise<string>;
  readonly forward: HostNames["forward"];
}

async function isAmong(patterns: readonly HostPattern[], client: Lookups): Promise<boolean> {
  const { address } = client;
  const isInside = (each: HostPattern): boolean =>
    address !== undefined && each.kind === "network" && includes(each, address);
  if (patterns.some(isInside)) return true;
  for (const each of patterns) {
    if (each.kind === "name" && (await isNamed(each, client))) return true;
  }
  return false;
}

function includes(
  { address, mask }: Extract<HostPattern, { kind: "network" }>,
  client: AddressBytes,
): boolean {
  if (client.bytes.length !== mask.length) return false;
  if (address.scope !== "" && address.scope !== client.scope) return false;
  return mask.every(
    (bits, at) => (((client.bytes[at] ?? 0) ^ (address.bytes[at] ?? 0)) & bits) === 0,
  );
}

async function isNamed(
  { name, matches }: Extract<HostPattern, { kind: "name" }>,
  { address, reverse, forward }: Lookups,
): Promise<boolean> {
  const own = (await reverse()).toLowerCase();
  if (matches?.(own) ?? own === name) return true;
  if (matches !== undefined || forward === undefined || address === undefined) return false;
  const known = (await forward(name)).map((each) => readAddress(each)?.bytes);
  return known.some((bytes) => bytes !== undefined && Buffer.compare(bytes, address.bytes) === 0);
}
