import { asBytePath, type BytePath, type FileEntry, fileTypes } from "../../protocol/index.ts";

/** What was done at a target for one path. */
export interface Delivery {
  readonly path: BytePath;
  /** `nothing`: it was in place, is excluded, or is gone where nothing is deleted. */
  readonly kind: (typeof deliveryKinds)[number];
  /** Content sent or matched. */
  readonly bytes: number;
}

/** Many deliveries in a form that crosses a thread border at a tenth of the objects' cost. */
export interface PackedDeliveries {
  /** NUL between them: the one byte no path has. */
  readonly paths: string;
  readonly kinds: Uint8Array;
  readonly bytes: Float64Array;
}

const deliveryKinds = ["file", "directory", "symlink", "special", "delete", "nothing"] as const;

/** A loop, and no callbacks: those V8 would optimize anew for every message. */
export function packDeliveries(deliveries: readonly Delivery[]): PackedDeliveries {
  const paths: BytePath[] = [];
  const kinds = new Uint8Array(deliveries.length);
  const bytes = new Float64Array(deliveries.length);
  for (const [at, delivery] of deliveries.entries()) {
    paths.push(delivery.path);
    kinds[at] = deliveryKinds.indexOf(delivery.kind);
    bytes[at] = delivery.bytes;
  }
  return { paths: paths.join("\0"), kinds, bytes };
}

export function unpackDeliveries({ paths, kinds, bytes }: PackedDeliveries): Delivery[] {
  return paths.split("\0").map((path, index) => ({
    path: asBytePath(path),
    kind: deliveryKinds[kinds[index] as number] as Delivery["kind"],
    bytes: bytes[index] as number,
  }));
}

const kindsOfModes: Readonly<Record<number, Delivery["kind"]>> = {
  0: "delete",
  [fileTypes.regular]: "file",
  [fileTypes.directory]: "directory",
  [fileTypes.symlink]: "symlink",
};

/** What was done at the target for an entry; `bytes` of content. */
export function deliveryOf({ path, mode }: FileEntry, bytes: number): Delivery {
  return { path, kind: kindsOfModes[mode & fileTypes.mask] ?? "special", bytes };
}
