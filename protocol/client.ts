import { RsyncError } from "./errors.ts";
import type { Credentials } from "./handshake/auth.ts";
import { listDaemonModules, type Module } from "./handshake/listing.ts";
import type { TransferOptions } from "./options.ts";
import { pathFromText, rootPath } from "./path.ts";
import type { PushOptions, PushReport } from "./report.ts";
import { Session } from "./session.ts";
import { LocalIdNames } from "./source/id-names.ts";
import { LocalTree } from "./source/local.ts";
import { type WalkOptions, walk } from "./source/walk.ts";
import type { SessionOptions, Target } from "./target.ts";
import { type ConnectOptions, connect } from "./transport/connect.ts";
import { inEnvironment } from "./transport/environment.ts";
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
 * @param url `rsync://host[:port]/`, `rsyncs://` for TLS, or `host::`
 * @throws {RsyncError} why the daemon cannot be asked.
 */
export async function listModules(
  url: string,
  options: ConnectOptions = {},
): Promise<DaemonListing> {
  const { timeoutMs = 30_000 } = options;
  const socket = await connect(inEnvironment(parseDaemonUrl(url), process.env), options);
  const source = new Source(socket, { onMessage: () => {} });
  socket.setTimeout(timeoutMs, () => {
    source.fail(new RsyncError("TIMED_OUT", `Cannot list modules: silent for ${timeoutMs} ms`));
  });
  try {
    return await listDaemonModules({
      read: (decode) => source.read(decode),
      write: (bytes) => void socket.write(bytes),
    });
  } finally {
    socket.destroy();
  }
}

/** How {@link push} transfers; `transfer` defaults to what `rsync -rlpt` does. */
export interface ClientPushOptions
  extends Omit<SessionOptions, "transfer">,
    PushOptions,
    Pick<WalkOptions, "excluded"> {
  readonly transfer?: TransferOptions;
  /** Needed when the daemon asks; the user may stand in the URL. */
  readonly password?: string;
  readonly protocol?: number;
}

/**
 * Pushes a directory's content to a directory of a module, as `rsync -rlpt DIRECTORY/ URL/` does.
 *
 * @param directory a path as text; its name may be any, names below it are bytes.
 * @param url `rsync://[user@]host[:port]/module/path`, `rsyncs://` for TLS, or
 *   `[user@]host::module/path`; RSYNC_PROXY and rsync-ssl's variables are heeded.
 * @returns what the daemon acknowledged; ask {@link PushReport.status} for each entry.
 * @throws {RsyncError} SOURCE_MISSING; whatever ended the session.
 */
export async function push(
  directory: string,
  url: string,
  options: ClientPushOptions = {},
): Promise<PushReport> {
  const { transfer = archive, password, protocol, excluded, ...rest } = options;
  const tree = new LocalTree(pathFromText(directory.replace(/(?<=.)\/+$/, "")));
  let incomplete = false;
  const onError = (): void => {
    incomplete = true;
  };
  const entries = [...walk(tree, rootPath, { onError, ...(excluded && { excluded }) })];
  if (entries.length === 0) {
    throw new RsyncError("SOURCE_MISSING", `Cannot push ${directory}: no such directory`);
  }
  const target = inEnvironment(targetOf(parseDaemonUrl(url), password, protocol), process.env);
  const session = await Session.open(target, {
    idNames: new LocalIdNames(),
    features: { acknowledge: true },
    ...rest,
    transfer,
  });
  return session.push(entries, tree, { incomplete, ...rest });
}

const archive: TransferOptions = { recursive: true, links: true, perms: true, times: true };

function targetOf(url: DaemonUrl, password = "", protocol?: number): Target {
  const { user, ...address } = url;
  const credentials: Credentials | undefined = user === undefined ? undefined : { user, password };
  return { ...address, credentials, protocol };
}
