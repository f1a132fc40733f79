import { isIPv4, isIPv6 } from "node:net";

/** An IP address as its bytes: four, or sixteen. */
export interface AddressBytes {
  readonly bytes: Uint8Array;
  /** The network interface behind `%`, of link-local addresses; "" without one. */
  readonly scope: string;
}

const mappedPrefix = /^::ffff:(?=\d+\.)/i;

/**
 * An address as text, in numbers; an IPv4 address in the clothes of IPv6 is the IPv4 address.
 *
 * @returns undefined for what is no whole address.
 */
export function readAddress(text: string): AddressBytes | undefined {
  const [address = "", scope = ""] = text.split("%", 2);
  const bare = address.replace(mappedPrefix, "");
  if (isIPv4(bare)) return { bytes: Uint8Array.from(bare.split("."), Number), scope };
  if (!isIPv6(bare)) return undefined;
  return { bytes: ipv6Bytes(bare), scope };
}

/** What one owner has at least: an IPv4 address, or all IPv6 addresses with the same 64 bits in front. */
export function networkOf(address: string): string {
  const bytes = readAddress(address)?.bytes;
  return bytes?.length === 16 ? Buffer.from(bytes.subarray(0, 8)).toString("hex") : address;
}

function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail] = address.split("::", 2);
  const left = groups(head);
  const right = groups(tail ?? "");
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array.from({ length: gap }, () => 0), ...right];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The groups of one side of `::`; the last two may be written as an IPv4 address. */
function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
