import { isIncremental } from "./agreement.ts";
import { RsyncError } from "./errors.ts";
import { deletion, type FileEntry, isDirectory, namedDirectory } from "./flist/entry.ts";
import type { FilterRules } from "./flist/filter.ts";
import type { PatternMatch } from "./flist/pattern.ts";
import type { Credentials } from "./handshake/auth.ts";
import { listDaemonModules, type Module } from "./handshake/listing.ts";
import { type FileListing, type ListFilesOptions, listDirectory } from "./lister.ts";
import { observers } from "./observers.ts";
import { connectDaemon } from "./opening.ts";
import type { TransferOptions } from "./options.ts";
import { type BytePath, displayPath, parentPath, pathFromText, rootPath } from "./path.ts";
import { ProgressMeter, type PushProgress } from "./progress.ts";
import type { PushOptions } from "./report.ts";
import { PushResult } from "./result.ts";
import { Session } from "./session.ts";
import { LocalIdNames } from "./source/id-names.ts";
import { LocalTree, type TreeOptions } from "./source/local.ts";
import { type MemoryObject, MemoryTree } from "./source/memory.ts";
import { localRules, placeOf, rulesIn } from "./source/rule-files.ts";
import { singleSource } from "./source/single.ts";
import type { FileSource } from "./source/source.ts";
import type { ListSource } from "./source/tree-lists.ts";
import { type WalkOptions, walk } from "./source/walk.ts";
import { listsOf } from "./source/walk-branch.ts";
import type { SessionOptions, Target } from "./target.ts";
import type { Address, ConnectOptions } from "./transport/connect.ts";
import { inEnvironment } from "./transport/environment.ts";
import { limitSilence } from "./transport/patience.ts";
import { Source } from "./transport/source.ts";
import { type DaemonUrl, parseDaemonUrl } from "./url.ts";

/** A daemon's answer to "what have you got". */
export interface DaemonListing {
  readonly modules: readonly Module[];
  /** The message of the day, and whatever else the daemon says before its modules. */
  readonly text: readonly string[];
}

/**
 * The modules a daemon lists.
 *
 * @param daemon `rsync://host[:port]/`, `rsyncs://` for TLS, or `host::`; or the parts of it.
 * @throws {RsyncError} why the daemon cannot be asked.
 */
export async function listModules(
  daemon: string | (Address & Pick<Target, "ssh">),
  options: ConnectOptions = {},
): Promise<DaemonListing> {
  const { timeoutMs = 30_000, signal } = options;
  const address =
    typeof daemon === "string" ? inEnvironment(parseDaemonUrl(daemon), process.env) : daemon;
  const socket = await connectDaemon(address, options);
  const source = new Source(socket, { onMessage: () => {} });
  const abort = (): void => source.fail(new RsyncError("ABORTED", "Cannot list modules: aborted"));
  signal?.addEventListener("abort", abort);
  limitSilence(socket, timeoutMs, () => {
    source.fail(new RsyncError("TIMED_OUT", `Cannot list modules: silent for ${timeoutMs} ms`));
  });
  try {
    return await listDaemonModules({
      read: (decode) => source.read(decode),
      write: (bytes) => void socket.write(bytes),
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** Who we are for a daemon that asks; the user may stand in the URL. */
export interface ClientOptions {
  readonly password?: string;
  /** Announce this protocol instead of the newest; 27 to 32. */
  readonly protocol?: number;
}

/**
 * What lies at a place of a module: the directory itself and what is directly in it, or one file.
 *
 * @param url a path that ends in `/` is a directory, whose content is listed.
 * @throws {RsyncError} why the daemon cannot be asked, or what it sent that no daemon sends.
 */
export async function listFiles(
  url: string | Target,
  { password, protocol, ...options }: ListFilesOptions & ClientOptions = {},
): Promise<FileListing> {
  return listDirectory(targetOf(url, { password, protocol, namesFile: true }), options);
}

/** A tree that can be pushed: its entries, and their content when it is asked for. */
export interface ListedSource extends FileSource {
  entries(): Iterable<FileEntry>;
}

/**
 * What is pushed: a directory's content by its path, objects in memory by their paths, or whatever
 * lists itself, such as {@link MemoryTree} and {@link PathList}.
 */
export type PushSource = string | Readonly<Record<string, MemoryObject>> | ListedSource;

/** How {@link push} transfers; `transfer` defaults to what `rsync -rlpt` does. */
export interface ClientPushOptions
  extends Omit<SessionOptions, "transfer">,
    PushOptions,
    ClientOptions,
    Pick<WalkOptions, "excluded"> {
  readonly transfer?: TransferOptions;
  /**
   * A directory is listed while it is sent, where the daemon agrees, so that memory does not grow
   * with it; what {@link progress} tells of the whole grows meanwhile. Default true.
   */
  readonly incremental?: boolean;
  /** Rules as `--filter` takes them: for what is sent, and for what a delete pass leaves alone. */
  readonly filter?: readonly string[];
  /** Told some times a second, and at the end. */
  readonly progress?: (progress: PushProgress) => void;
}

/**
 * Pushes a tree to a directory of a module, as `rsync -rlpt DIRECTORY/ URL/` does.
 *
 * @param source a directory as text (names below it are bytes), a file, which takes its own name
 *   there, a tree in memory, or another source.
 * @param to `rsync://[user@]host[:port]/module/path`, `rsyncs://` for TLS, or
 *   `[user@]host::module/path`, with RSYNC_PROXY and rsync-ssl's variables heeded; or the parts.
 * @returns how each path ended.
 * @throws {RsyncError} SOURCE_MISSING; whatever ended the session.
 */
export async function push(
  source: PushSource,
  to: string | Target,
  options: ClientPushOptions = {},
): Promise<PushResult> {
  const { transfer = archive, incremental = true, password, protocol, ...others } = options;
  const { excluded, progress, ...rest } = others;
  let incomplete = rest.incomplete ?? false;
  const rules = localRules(options.filter ?? [], transfer);
  const tree = listedSource(source, { excluded, rules, links: transfer }, () => {
    incomplete = true;
  });
  const lists = incremental && transfer.recursive ? tree.lists?.(() => incomplete) : undefined;
  const entries = lists === undefined ? entriesOf(tree, source) : [];
  const deletes = entries.some(({ mode }) => mode === 0);
  const session = await Session.open(targetOf(to, { password, protocol }), {
    idNames: new LocalIdNames(),
    ...rest,
    features: {
      incremental: lists !== undefined,
      ...(rest.features ?? { acknowledge: transfer.dryRun !== true, deleteMissing: deletes }),
    },
    transfer: deletes ? { ...transfer, force: true } : transfer,
  });
  const meter = progress && new ProgressMeter(progress);
  const deleted: BytePath[] = [];
  const observer = observers([
    rest,
    ...(meter ? [meter.observer] : []),
    { deleted: (path) => deleted.push(path) },
  ]);
  const protect = rules.onWire(session.agreement.protocol, transfer.deleteExcluded ?? false);
  const telling = { ...rest, ...observer, protect };
  const report =
    lists !== undefined && isIncremental(session.agreement)
      ? await session.pushLists(lists, tree, { ...telling, keepsPaths: true })
      : await session.push(lists === undefined ? entries : [...tree.entries()], tree, {
          ...telling,
          incomplete,
        });
  meter?.finish();
  return new PushResult(report, deleted);
}

/**
 * Deletes exact paths of a module, directories with all that is in them; nothing else is touched.
 *
 * @param paths below the URL's directory, as text.
 * @throws {RsyncError} OPTION_REFUSED by a daemon that allows no deletions; what ended the session.
 */
export async function deletePaths(
  to: string | Target,
  paths: readonly string[],
  options: Omit<ClientPushOptions, "transfer" | "excluded"> = {},
): Promise<PushResult> {
  const gone = paths.map((path) => pathFromText(path.replace(/^\/+|\/+$/g, "")));
  const odd = gone.find((path) => /(?:^|\/)(?:\.{0,2})(?:\/|$)|\0/.test(path) && path !== rootPath);
  if (odd !== undefined) {
    const shown = JSON.stringify(displayPath(odd));
    throw new RsyncError("BAD_OPTION", `Cannot delete ${shown}: it is no path below the address`);
  }
  return deleteNames(to, gone, options);
}

/** As {@link deletePaths}, by paths as they are in lists. */
export async function deleteNames(
  to: string | Target,
  gone: readonly BytePath[],
  options: Omit<ClientPushOptions, "transfer" | "excluded"> = {},
): Promise<PushResult> {
  if (gone.includes(rootPath)) {
    throw new RsyncError("BAD_OPTION", "Cannot delete the directory that the address names");
  }
  const above = new Set<BytePath>([rootPath]);
  for (const path of gone) {
    for (let at = parentPath(path); at !== ""; at = parentPath(at)) above.add(at);
  }
  const entries = [...[...above].map(namedDirectory), ...gone.map(deletion)];
  const source: ListedSource = { entries: () => entries, open: () => undefined };
  // Directories above are named only, not made and not changed.
  const transfer = { recursive: true, existing: true, omitDirTimes: true };
  return push(source, to, { ...options, transfer });
}

/** What is transferred unless it is said. */
export const archive: TransferOptions = { recursive: true, links: true, perms: true, times: true };

/** A source that can be listed while it is sent, too. */
interface Listable extends ListedSource {
  /** Undefined when it is no directory. */
  lists?(isIncomplete: () => boolean): ListSource | undefined;
}

function listedSource(
  source: PushSource,
  {
    excluded,
    rules,
    links,
  }: {
    readonly excluded: PatternMatch | undefined;
    readonly rules: FilterRules;
    readonly links: TreeOptions;
  },
  onError: () => void,
): Listable {
  if (typeof source !== "string") return isListed(source) ? source : new MemoryTree(source);
  const single = singleSource(pathFromText(source), { links, filter: rules }, excluded);
  if (single !== undefined) return single;
  const tree = new LocalTree(pathFromText(source.replace(/(?<=.)\/+$/, "")), links);
  const byRules = rules.isEmpty
    ? () => false
    : rules.excluding(rulesIn(tree), placeOf(tree, false));
  const isOut: PatternMatch = (path, isDirectory) =>
    excluded?.(path, isDirectory) === true || byRules(path, isDirectory);
  const options = { onError, excluded: isOut };
  return {
    entries: () => walk(tree, rootPath, options),
    lists: (isIncomplete) => listsOf(tree, options, isIncomplete),
    open: (entry) => tree.open(entry),
    attributes: (entry) => tree.attributes(entry),
    sendsAttribute: rules.sendsAttribute(),
  };
}

/** @throws {RsyncError} SOURCE_MISSING */
function entriesOf(tree: ListedSource, source: PushSource): FileEntry[] {
  const entries = [...tree.entries()];
  const root = entries.find(({ path }) => path === "");
  const isUsable = root === undefined ? entries.length > 0 : isDirectory(root);
  if (isUsable) return entries;
  const found = root === undefined ? "nothing is there" : "it is no directory";
  throw new RsyncError("SOURCE_MISSING", `Cannot push ${shownSource(source)}: ${found}`);
}

function isListed(source: Exclude<PushSource, string>): source is ListedSource {
  return typeof source["entries"] === "function";
}

function shownSource(source: PushSource): string {
  return typeof source === "string" ? source : "the tree";
}

/** What an address names, and who we are for it. */
export function targetOf(
  url: string | Target,
  {
    password = "",
    protocol,
    namesFile = false,
  }: { password?: string | undefined; protocol?: number | undefined; namesFile?: boolean },
): Target {
  if (typeof url !== "string") return protocol === undefined ? url : { ...url, protocol };
  const { user, ...address }: DaemonUrl = inEnvironment(parseDaemonUrl(url), process.env);
  const credentials: Credentials | undefined = user === undefined ? undefined : { user, password };
  return { ...address, credentials, protocol, namesFile: namesFile && !url.endsWith("/") };
}
