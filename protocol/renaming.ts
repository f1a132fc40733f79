import {
  archive,
  type ClientPushOptions,
  deleteNames,
  type ListedSource,
  push,
  targetOf,
} from "./client.ts";
import { RsyncError } from "./errors.ts";
import { deletion, type FileEntry, fileTypes, isDirectory, isRegularFile } from "./flist/entry.ts";
import { TargetKnowledge } from "./knowledge.ts";
import type { TransferOptions } from "./options.ts";
import {
  asBytePath,
  type BytePath,
  displayPath,
  isWithin,
  joinPath,
  parentPath,
  pathFromText,
  rootPath,
} from "./path.ts";
import { type Rename, renamedDirectory, renamedFile, renameTransfer } from "./rename.ts";
import type { PathResult, PushResult } from "./result.ts";
import { itemFlags } from "./roles/request.ts";
import { LocalTree } from "./source/local.ts";
import { PathList } from "./source/path-list.ts";
import { walk } from "./source/walk.ts";
import type { Target } from "./target.ts";

/** How {@link rename} reaches the daemon, and what else of the object it brings up to date. */
export type RenameOptions = Pick<
  ClientPushOptions,
  | "handshakeTimeoutMs"
  | "idNames"
  | "knowledge"
  | "onMotd"
  | "password"
  | "protocol"
  | "signal"
  | "timeoutMs"
  | "transfer"
>;

/** What became of a rename. */
export interface RenameResult {
  /** `linked`: no content travelled. `sent`: what the daemon did not have as it is here did. */
  readonly how: "linked" | "sent";
  /** Content that was asked for, in bytes. */
  readonly contentBytes: number;
  /** The old name is gone there. It stays while anything is not in place under the new one. */
  readonly removed: boolean;
  /** What is not as it should be, and why. */
  readonly failures: readonly Extract<PathResult, { readonly status: "failed" }>[];
}

/**
 * Renames a file or a directory at a target as it has been renamed here: the daemon links what it
 * has under the old name, and the old name is deleted once the new one is in place.
 *
 * What the daemon does not have as it is here, by size and time to the nanosecond, is sent; so is
 * everything to a daemon that refuses links. Nothing else below the new name is deleted there.
 *
 * @param source the directory, as text or as a tree, in which the object has its new name by now.
 * @param at the directory there that corresponds to it, as {@link push} takes it.
 * @throws {RsyncError} SOURCE_MISSING when nothing has the new name here; what ended a session.
 */
export async function rename(
  source: string | LocalTree,
  { from, to }: Rename,
  at: string | Target,
  options: RenameOptions = {},
): Promise<RenameResult> {
  const tree = typeof source === "string" ? new LocalTree(pathFromText(source)) : source;
  const entry = from === rootPath || to === rootPath ? undefined : tree.lstat(to);
  if (entry === undefined || from === to || isWithin(to, from)) {
    const found = from === to || isWithin(to, from) ? "the old name holds it" : "it is not there";
    throw new RsyncError(
      "SOURCE_MISSING",
      `Cannot rename ${displayPath(from)} to ${displayPath(to)}: ${found}`,
    );
  }
  const { password, protocol, ...rest } = options;
  const target = targetOf(at, { password, protocol });
  const renaming = new Renaming(tree, { from, to }, target, rest);
  await (isDirectory(entry) ? renaming.moveDirectory() : renaming.moveFile(entry));
  return renaming.finish();
}

/** The sessions of one rename. */
class Renaming {
  readonly #tree: LocalTree;
  readonly #names: Rename;
  readonly #target: Target;
  readonly #options: RenameOptions & { readonly transfer: TransferOptions };
  readonly #failures: Extract<PathResult, { readonly status: "failed" }>[] = [];
  #contentBytes = 0;
  #isInPlace = false;

  constructor(tree: LocalTree, names: Rename, target: Target, options: RenameOptions) {
    this.#tree = tree;
    this.#names = names;
    this.#target = target;
    // Later sessions are spared what the first has asked.
    this.#options = { knowledge: new TargetKnowledge(), transfer: archive, ...options };
  }

  /** Links the new name to the old one, then brings it up to date as any file. */
  async moveFile(entry: FileEntry): Promise<void> {
    const { from, to } = this.#names;
    let isOther = false;
    if (isRegularFile(entry) && entry.size > 0) {
      await this.#link([entry], (path) => {
        // Something of this size and time had the new name already: nobody knows what is in it.
        if (path === from) isOther = true;
      });
    }
    const { transfer } = this.#options;
    const list = new PathList(this.#tree, [to]);
    const settled = await this.#push(list, isOther ? { ...transfer, ignoreTimes: true } : transfer);
    this.#settle(settled);
  }

  /** Makes the new directory, and lets the daemon link everything in it that it has in the old. */
  async moveDirectory(): Promise<void> {
    const { to } = this.#names;
    const isNew = await this.#makeDirectory();
    // What was there under the new name may be equal by size and time, and still be something else.
    const transfer = {
      ...this.#options.transfer,
      recursive: true,
      ...(!isNew && { checksum: true }),
    };
    const place = renamedDirectory(this.#target, this.#names);
    if (place !== undefined) {
      const below = new LocalTree(joinPath(asBytePath(this.#tree.root), to));
      const source = listing(below, () => walk(below, rootPath));
      const { alternate } = place;
      this.#settle(await this.#push(source, { ...transfer, alternate }, place.target));
      return;
    }
    const all = [...walk(this.#tree, to)];
    if (isNew) await this.#link(all.filter(isRegularFile));
    const above = new PathList(this.#tree, [to]).entries().filter(({ path }) => path !== to);
    const source = listing(this.#tree, () => [...above, ...all]);
    this.#settle(await this.#push(source, transfer));
  }

  /** Deletes the old name, when everything is in place under the new one. */
  async finish(): Promise<RenameResult> {
    const removed =
      this.#isInPlace && (await this.#deleteOld().catch((error) => this.#keep(error)));
    return {
      how: this.#contentBytes === 0 ? "linked" : "sent",
      contentBytes: this.#contentBytes,
      removed,
      failures: this.#failures,
    };
  }

  /** The directories above both names get the times that they have here. */
  async #deleteOld(): Promise<boolean> {
    const { from, to } = this.#names;
    const { transfer, ...rest } = this.#options;
    const above = new PathList(this.#tree, [parentPath(from), parentPath(to)]).entries();
    const isHere = above.some(({ path }) => path === parentPath(from));
    const failures = isHere ? [] : (await deleteNames(this.#target, [from], rest)).failures();
    const entries = isHere ? [...above, deletion(from)] : above;
    const result = await this.#push(
      listing(this.#tree, () => entries),
      transfer,
    );
    failures.push(...result.failures());
    this.#failures.push(...failures);
    return failures.every(({ path }) => path !== from);
  }

  /** A daemon that deletes nothing has the object under both names now. */
  #keep(error: unknown): false {
    if (!isRefusal(error)) throw error;
    const { from } = this.#names;
    this.#failures.push({ path: from, status: "failed", reason: error.message });
    return false;
  }

  async #push(
    source: Parameters<typeof push>[0],
    transfer: TransferOptions,
    target: Target = this.#target,
  ): Promise<PushResult> {
    const result = await push(source, target, { ...this.#options, transfer });
    this.#contentBytes += result.report.contentBytes;
    return result;
  }

  #settle(result: PushResult): void {
    this.#failures.push(...result.failures());
    const moved = [...result.paths()].filter(({ status }) => status !== "acknowledged");
    this.#isInPlace = result.exitCode === 0 && moved.length === 0;
  }

  /** Returns false when the daemon had a directory of the new name. */
  async #makeDirectory(): Promise<boolean> {
    const { to } = this.#names;
    const { transfer, ...rest } = this.#options;
    let isNew = false;
    await push(new PathList(this.#tree, [to]), this.#target, {
      ...rest,
      transfer,
      item: ({ path }, { flags }) => {
        if (path === to && (flags & itemFlags.isNew) !== 0) isNew = true;
      },
    });
    return isNew;
  }

  /**
   * Makes files of this list names of what the daemon has under their old ones. Only content counts
   * here: owners and permissions are what they were there, and directories are not touched.
   */
  async #link(files: readonly FileEntry[], onLinked?: (path: BytePath) => void): Promise<void> {
    const pairs = files.flatMap((entry) => renamedFile(entry, this.#formerly(entry.path)));
    const listed = new Map<BytePath, FileEntry>();
    for (const { path } of pairs) {
      for (let above = path; above !== ""; ) {
        above = parentPath(above);
        listed.set(above, directory(above));
      }
    }
    for (const entry of pairs) listed.set(entry.path, entry);
    const transfer = renameTransfer({ recursive: true, times: true, omitDirTimes: true });
    const source = listing(this.#tree, () => listed.values());
    try {
      const { report } = await push(source, this.#target, {
        ...this.#options,
        transfer,
        item: ({ path }, { flags }) => {
          if ((flags & itemFlags.localChange) !== 0) onLinked?.(path);
        },
      });
      this.#contentBytes += report.contentBytes;
    } catch (error) {
      // Without links the content is sent, as of any file.
      if (!isRefusal(error)) throw error;
    }
  }

  #formerly(path: BytePath): BytePath {
    const { from, to } = this.#names;
    return asBytePath(from + path.slice(to.length));
  }
}

function listing(tree: LocalTree, entries: ListedSource["entries"]): ListedSource {
  const open: ListedSource["open"] = (entry) => tree.open(entry);
  return { entries, open, attributes: (entry) => tree.attributes(entry) };
}

function isRefusal(error: unknown): error is RsyncError {
  return error instanceof RsyncError && error.code === "OPTION_REFUSED";
}

function directory(path: BytePath): FileEntry {
  return { ...deletion(path), mode: fileTypes.directory | 0o755 };
}
