/** A set of bytes: index is the byte, 1 means it belongs to the set. */
export type ByteSet = Uint8Array;

/** A regular expression over bytes, parsed. */
export type Node =
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "either"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly least: number; readonly most: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

/** The set of all bytes for which `contains` holds. */
export function byteSet(contains: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (contains(byte) ? 1 : 0));
}

/** Exactly these bytes one after the other. */
export function literal(bytes: string): Node {
  const nodes = Array.from(Buffer.from(bytes, "latin1"), (wanted): Node => {
    return { kind: "set", set: byteSet((byte) => byte === wanted) };
  });
  return sequence(nodes);
}

export function sequence(nodes: readonly Node[]): Node {
  return { kind: "sequence", nodes };
}

export function either(...nodes: readonly Node[]): Node {
  return { kind: "either", nodes };
}

export function repeat(node: Node, least: number, most: number): Node {
  return { kind: "repeat", node, least, most };
}

export const anyByte: Node = { kind: "set", set: byteSet(() => true) };
