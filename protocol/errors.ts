/** Every way a session can fail: rsync's exit code for it, and whether trying again can help. */
const failures = {
  BAD_OPTION: { exitCode: 1, retryable: false },
  MODULE_READ_ONLY: { exitCode: 1, retryable: false },
  PROTOCOL_MISMATCH: { exitCode: 2, retryable: false },
  SOURCE_MISSING: { exitCode: 3, retryable: false },
  OPTION_REFUSED: { exitCode: 4, retryable: false },
  UNREQUESTED: { exitCode: 4, retryable: false },
  AUTH_FAILED: { exitCode: 5, retryable: false },
  UNKNOWN_MODULE: { exitCode: 5, retryable: false },
  ACCESS_REFUSED: { exitCode: 5, retryable: false },
  UNTRUSTED_HOST: { exitCode: 5, retryable: false },
  MAX_CONNECTIONS: { exitCode: 5, retryable: true },
  CONNECTION_LOST: { exitCode: 10, retryable: true },
  FILE_IO: { exitCode: 11, retryable: true },
  BAD_STREAM: { exitCode: 12, retryable: true },
  REMOTE_FAILED: { exitCode: 12, retryable: true },
  ABORTED: { exitCode: 20, retryable: false },
  PARTIAL_TRANSFER: { exitCode: 23, retryable: true },
  FILE_VANISHED: { exitCode: 24, retryable: false },
  DELETE_LIMIT: { exitCode: 25, retryable: false },
  TIMED_OUT: { exitCode: 30, retryable: true },
  CONNECT_TIMED_OUT: { exitCode: 35, retryable: true },
} as const;

/** Stable, machine-readable name of a failure; part of the public API. */
export type FailureCode = keyof typeof failures;

export interface RsyncErrorOptions extends ErrorOptions {
  /** Where in the incoming stream the failure was seen, in bytes from its start. */
  readonly offset?: number;
  /** The file being handled, relative to the transfer root. */
  readonly path?: string;
  /** The exit code the peer announced, where it is more exact than the table's. */
  readonly exitCode?: number;
}

/**
 * The one error this library throws on purpose.
 *
 * The message says what could not be done and what was found instead; `code` is for programs,
 * `exitCode` for the shell, `cause` for whoever has to debug it.
 */
export class RsyncError extends Error {
  static {
    Object.defineProperty(RsyncError.prototype, "name", { value: "RsyncError" });
  }

  readonly code: FailureCode;
  readonly offset: number | undefined;
  readonly path: string | undefined;
  readonly #exitCode: number | undefined;

  constructor(code: FailureCode, message: string, options: RsyncErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.offset = options.offset;
    this.path = options.path;
    this.#exitCode = options.exitCode;
  }

  /** What the command line exits with; same meaning as in rsync(1). */
  get exitCode(): number {
    return this.#exitCode ?? failures[this.code].exitCode;
  }

  /** False when the same request would fail the same way again. */
  get retryable(): boolean {
    return failures[this.code].retryable;
  }
}
