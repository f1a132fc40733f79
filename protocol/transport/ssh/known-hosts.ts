import { createHash, createHmac } from "node:crypto";

/** What a known_hosts file says about one key of one host. */
export type Acquaintance = "known" | "unknown" | "changed" | "revoked";

/** One line of a known_hosts file. */
interface KnownKey {
  readonly marker: string | undefined;
  readonly hosts: string;
  readonly type: string;
  readonly key: string;
}

const lineForm = /^(?:@(\S+)\s+)?(\S+)\s+(\S+)\s+([A-Za-z0-9+/]+=*)/;

/** The keys that known_hosts files tell of a host, for comparison with the one that it shows. */
export class KnownHosts {
  readonly #keys: readonly KnownKey[];

  /** @param text the files' content, one after the other. Lines that are none are passed over. */
  constructor(text: string) {
    this.#keys = text.split("\n").flatMap((line) => {
      const [, marker, hosts = "", type = "", key = ""] = lineForm.exec(line.trim()) ?? [];
      const isKey = hosts !== "" && !hosts.startsWith("#") && marker !== "cert-authority";
      return isKey ? [{ marker, hosts, type, key }] : [];
    });
  }

  /** The types of key that a host is known by, such as `ssh-ed25519`. */
  typesOf(name: string): string[] {
    return this.#keysOf(name).map(({ type }) => type);
  }

  /** A host that is known by other keys only has changed, whatever their types. */
  check(name: string, key: Uint8Array): Acquaintance {
    const shown = Buffer.from(key).toString("base64");
    const isRevoked = this.#keys.some(
      (known) =>
        known.marker === "revoked" && known.key === shown && matchesHosts(known.hosts, name),
    );
    if (isRevoked) return "revoked";
    const keys = this.#keysOf(name);
    if (keys.length === 0) return "unknown";
    return keys.some((known) => known.key === shown) ? "known" : "changed";
  }

  #keysOf(name: string): KnownKey[] {
    return this.#keys.filter(
      ({ marker, hosts }) => marker === undefined && matchesHosts(hosts, name),
    );
  }
}

/** How known_hosts names a host: with its port where that is not 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The line that makes a host known by this key. */
export function knownHostLine(name: string, key: Uint8Array): string {
  return `${name} ${keyType(key)} ${Buffer.from(key).toString("base64")}\n`;
}

/** As ssh shows it: `SHA256:` and unpadded base64. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replaceAll("=", "")}`;
}

/** The type that a key begins with: a length of four bytes, then the name. */
export function keyType(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  const length = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  return bytes.toString("latin1", 4, 4 + length);
}

/** `|1|salt|hash`, or patterns behind commas, of which none with `!` may match. */
function matchesHosts(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (hashed !== null) {
    const [, salt = "", wanted] = hashed;
    const found = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64");
    return found === wanted;
  }
  const patterns = hosts.toLowerCase().split(",");
  const isExcluded = patterns.some((each) => each.startsWith("!") && matches(each.slice(1), name));
  return !isExcluded && patterns.some((each) => matches(each, name));
}

/** `*` is anything, `?` one character. */
function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}
