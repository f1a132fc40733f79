import { RsyncError } from "./errors.ts";
import { pathFromText } from "./path.ts";
import type { Target } from "./target.ts";

/** What an address names: a daemon, perhaps a module, perhaps a directory in it, perhaps a user. */
export interface DaemonUrl extends Omit<Target, "module" | "credentials"> {
  /** "" when the address names the daemon only. */
  readonly module: string;
  readonly user: string | undefined;
}

const urlForm =
  /^rsync(s)?:\/\/(?:([^@/]+)@)?(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?(?:\/([^/]*)(?:\/(.*))?)?$/s;
const doubleColonForm = /^(?:([^@/:]+)@)?(\[[^\]]+\]|[^:/]+)::([^/]*)(?:\/(.*))?$/s;

/**
 * Reads `rsync://[user@]host[:port]/module/path` and `[user@]host::module/path`; `rsyncs://` is the
 * same behind TLS, at port 874 unless it says otherwise.
 *
 * @throws {RsyncError} BAD_OPTION when it is neither.
 */
export function parseDaemonUrl(text: string): DaemonUrl {
  const [, secure, ...match] = urlForm.exec(text) ?? [];
  const isUrl = match.length > 0 && !(Number(match[2] ?? 1) > 65_535);
  const parts = isUrl ? match : (doubleColonForm.exec(text)?.slice(1) ?? null);
  if (parts === null) {
    throw new RsyncError(
      "BAD_OPTION",
      `Cannot read the address ${JSON.stringify(text)}: expected rsync://[user@]host[:port]/module/path or [user@]host::module/path`,
    );
  }
  const [user, host = "", ...rest] = parts;
  const [port, module = "", path = ""] = isUrl ? rest : [undefined, ...rest];
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(secure === undefined ? {} : { tls: {} }),
    module,
    directory: pathFromText(path.replace(/\/+$/, "")),
    user,
  };
}
