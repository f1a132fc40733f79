import type { FilterRules } from "../flist/filter.ts";
import type { BytePath } from "../path.ts";

/** Who has connected. */
export interface DaemonClient {
  /** Counts from 1 for each daemon; tells the lines of one client from those of another. */
  readonly id: number;
  /** The address it comes from, as Node writes it; an IPv4 address is never written as IPv6. */
  readonly address: string;
  readonly port: number;
}

/** What some users may do in a module; the first rule that means a user decides. */
export interface UserRule {
  /** A name, or says whether a name is meant. */
  readonly user: string | ((name: string) => boolean);
  /** The password of this group lets its members in as well, `secret("@group")`. Default none. */
  readonly group?: string | undefined;
  /** Default: what the module says of everybody. */
  readonly access?: "deny" | "read" | "write" | undefined;
}

/** Finds the password of a user, or of a group written as `@group`; undefined: it has none. */
export type FindSecret = (
  name: string,
) => string | Uint8Array | undefined | Promise<string | Uint8Array | undefined>;

/** Digests that answer a challenge, strongest first in the order sha512, sha256, sha1, md5, md4. */
export type LoginDigest = "sha512" | "sha256" | "sha1" | "md5" | "md4";

/** A directory that is served under a name. Names and defaults are those of rsyncd.conf(5). */
export interface DaemonModule {
  /** What clients call it: no `/`, not empty, no control characters. */
  readonly name: string;
  /** The directory; links in this path itself are followed. */
  readonly path: string;
  /** Shown beside the name in listings. Default "". */
  readonly comment?: string | undefined;
  /** Nobody may push, but users whose rule says "write". Default true. */
  readonly readOnly?: boolean | undefined;
  /** Nobody may pull. Default false. */
  readonly writeOnly?: boolean | undefined;
  /** It is named in listings; and whoever is not admitted hears that it is there. Default true. */
  readonly list?: boolean | undefined;
  /** Only these users come in, with their passwords. Default: everybody, without one. */
  readonly users?: readonly UserRule[] | undefined;
  /** Needed with `users`. A failure is logged, and nobody comes in. */
  readonly secret?: FindSecret | undefined;
  /** Clients whose best digest for the login is weaker do not come in. Default: any that they have. */
  readonly weakestDigest?: LoginDigest | undefined;
  /** Which clients may connect at all. Default all. */
  readonly admits?: ((client: DaemonClient) => boolean | Promise<boolean>) | undefined;
  /** Sessions at a time; 0: no limit, which is the default. */
  readonly maxConnections?: number | undefined;
  /** Modules with a limit and the same name here count their sessions together. Default its own. */
  readonly connectionsWith?: string | undefined;
  /** A session with so many seconds of silence ends; 0: after {@link DaemonOptions.timeoutSeconds}. */
  readonly timeoutSeconds?: number | undefined;
  /** Names that are neither read, nor written, nor deleted, whatever a client asks for. */
  readonly filter?: FilterRules | undefined;
  /** Options that are refused: names with wildcards, `!` in front takes them out again. */
  readonly refuseOptions?: readonly string[] | undefined;
  /** Changes the permissions of what arrives, and of what leaves; as `--chmod`. Default none. */
  readonly incomingChmod?: string | undefined;
  readonly outgoingChmod?: string | undefined;
  /** Symlinks are stored so that they lead nowhere, and are given back as they came. Default false. */
  readonly mungeSymlinks?: boolean | undefined;
  /**
   * The character set that names have here: clients that ask for it (`--iconv`) are told names in
   * theirs. Default none: `--iconv` is refused.
   */
  readonly charset?: string | undefined;
  /** Owners travel as numbers: the names of this machine are not told. Default false. */
  readonly numericIds?: boolean | undefined;
  /** Files that cannot be read do not count as errors. Default false. */
  readonly ignoreErrors?: boolean | undefined;
  /** Each file that is sent, received or deleted is told as a "transfer". Default false. */
  readonly logsTransfers?: boolean | undefined;
}

/** What happens to a daemon and its clients, for a log. Passwords are never part of it. */
export type DaemonEvent =
  | { readonly kind: "connected"; readonly client: DaemonClient }
  /** It asked which modules there are. */
  | { readonly kind: "listed"; readonly client: DaemonClient }
  /** It was turned away; `reason` is for the log, and says more than the client hears. */
  | {
      readonly kind: "refused";
      readonly client: DaemonClient;
      readonly module: string | undefined;
      readonly reason: string;
    }
  | {
      readonly kind: "login failed";
      readonly client: DaemonClient;
      readonly module: string;
      readonly user: string;
      readonly reason: string;
    }
  /** A session begins: it pushes to us, or pulls from us. */
  | (DaemonSession & { readonly kind: "started" })
  /** One object of a session, where the module logs transfers. */
  | (DaemonSession & {
      readonly kind: "transfer";
      readonly operation: "receive" | "send" | "delete";
      readonly path: BytePath;
      /** Of the file; 0 for a deletion. */
      readonly sizeBytes: number;
    })
  /** Something in a session is not as it should be; the client was told the same. */
  | (DaemonSession & {
      readonly kind: "text";
      readonly severity: "error" | "warning" | "info";
      readonly text: string;
    })
  | (DaemonSession & {
      readonly kind: "ended";
      /** rsync's: 0 when all went well. */
      readonly exitCode: number;
      /** Why, where it did not. */
      readonly reason: string | undefined;
      readonly sentBytes: number;
      readonly receivedBytes: number;
      /** Of all files of the list. */
      readonly totalBytes: number;
    })
  /** The daemon itself is in trouble, and goes on. */
  | { readonly kind: "trouble"; readonly reason: string; readonly cause: unknown };

/** A client in a module. */
export interface DaemonSession {
  readonly client: DaemonClient;
  readonly module: string;
  readonly direction: "push" | "pull";
  /** As it authenticated; undefined where nobody has to. */
  readonly user: string | undefined;
  /** What it asked for, as it said it: the path arguments, byte strings. */
  readonly paths: readonly string[];
}

export interface DaemonOptions {
  /** Of two with one name the last counts. */
  readonly modules: readonly DaemonModule[];
  /** Text that every client is shown first, or what makes it. Default none. */
  readonly motd?: string | (() => string | Promise<string>) | undefined;
  /** Clients speak TLS from the first byte, as rsync-ssl does; PEM texts. Default none. */
  readonly tls?: DaemonTls | undefined;
  /** Connections at a time, of all modules together; default 500. */
  readonly maxConnections?: number | undefined;
  /** Of them from one address, or one IPv6 network of 64 bits; default half of all. */
  readonly maxPerAddress?: number | undefined;
  /** How long greeting and login, and then the arguments, may take; default 60,000 ms. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** A session with so many seconds of silence ends, where its module says nothing; default 3,600. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * Memory that the file lists of all clients together may take, in bytes; who asks for more, or for
   * more than half of what is left, is turned away. Default half of what this process may have.
   */
  readonly mostListBytes?: number | undefined;
  /** Told of what happens; must not throw. Default: nobody. */
  readonly log?: ((event: DaemonEvent) => void) | undefined;
}

export interface DaemonTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Clients must have a certificate of one of these authorities. Default: anybody may connect. */
  readonly clientAuthorities?: string | Uint8Array | undefined;
}

/** Where a daemon listens. */
export interface ListenOptions {
  /** 0: any free port. Default 873, with TLS 874. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1: only this machine. `::` is everybody, where that is wanted. */
  readonly address?: string | undefined;
}

/** Where a daemon listens now. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * An rsync daemon in this process.
 *
 * It has the rights of the process: one process cannot be several users at a time, so there is no
 * `uid` for a module. Who starts as root to have port 873 calls {@link dropTo} once it listens.
 */
export interface Daemon {
  /** @returns where it listens now. @throws {RsyncError} when it cannot. */
  listen(options?: number | ListenOptions): Promise<ListenAddress>;
  /** Where it listens; undefined while it does not. */
  readonly address: ListenAddress | undefined;
  /** Clients that come from now on find these modules; sessions go on as they began. */
  replace(modules: readonly DaemonModule[]): void;
  /**
   * Clients that come from now on are shown this certificate; only with {@link DaemonOptions.tls}.
   *
   * @throws {RsyncError} BAD_OPTION for one that cannot be used; what was there before stays.
   */
  renewTls(tls: DaemonTls): void;
  /** Gives up the rights of root for good, in the whole process. */
  dropTo(ids: ProcessIds): void;
  /**
   * Takes no new clients; ends those that transfer nothing, and after `graceMs` (default 1,000) the
   * others that have not ended by themselves.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** The user and the groups that a process runs as. */
export interface ProcessIds {
  readonly uid?: number | undefined;
  /** The first is the group of new files; without any a process that changes its user gets 65,534. */
  readonly gids?: readonly number[] | undefined;
}
