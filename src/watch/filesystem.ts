import { statfsSync } from "node:fs";
import { nativePath, rootPath } from "../../protocol/index.ts";

/** File systems whose changes can come from elsewhere, without an event here; by statfs(2) number. */
const remoteTypes: Readonly<Record<number, string>> = {
  26985: "NFS",
  4283649346: "CIFS",
  4266872130: "SMB",
  20859: "SMB",
  1702057286: "FUSE",
  16914839: "9P",
  12805120: "Ceph",
  1397113167: "AFS",
  198183888: "Lustre",
};

/**
 * The name of a network file system or FUSE, where changes made elsewhere send no events; undefined
 * for any other, or when it cannot be told. `root` is a byte string.
 */
export function remoteFileSystem(root: string): string | undefined {
  try {
    return remoteName(statfsSync(nativePath(root, rootPath)).type);
  } catch {
    return undefined;
  }
}

/** The name of a remote file system by its statfs(2) number; undefined for any other. */
export function remoteName(type: number): string | undefined {
  // Some kernels hand the number out with its sign.
  return remoteTypes[type >>> 0];
}
