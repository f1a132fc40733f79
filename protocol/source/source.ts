import type { FileEntry } from "../flist/entry.ts";
import type { OpenAttributes } from "./attributes.ts";

/**
 * What an opened file is, compared with its entry: the listed file as it was listed, the same file
 * with other content, or a different object under the same name, which is never sent.
 */
export type FileState = "as listed" | "changed" | "replaced";

/** A regular file that has been opened for the daemon. All calls are synchronous. */
export interface OpenFile {
  /** Reads up to `length` bytes at `position` to the front of `into`; 0 at the end. */
  read(into: Uint8Array, length: number, position: number): number;
  state(): FileState;
  close(): void;
}

/**
 * Where listed files come from: a directory tree, or whatever else can be read by position.
 *
 * Only entries that were listed in the session are ever opened (design law 6).
 */
export interface FileSource {
  /**
   * @returns undefined when nothing that could be opened is there any more.
   * @throws the system's error when it is there and may not be read.
   */
  open(entry: FileEntry): OpenFile | undefined;
  /**
   * Opens any listed object for its extended attributes; without this nothing has any.
   *
   * @returns undefined, or attributes of nothing, when it is not there any more.
   * @throws {RsyncError} BAD_OPTION where the system has none; the system's error when they may not
   *   be read.
   */
  attributes?(entry: FileEntry): OpenAttributes | undefined;
  /** Which extended attributes are sent; without this those that a copy usually has. */
  readonly sendsAttribute?: ((name: string) => boolean) | undefined;
}
