/** A client that is turned away before its session begins. */
export class Refusal extends Error {
  /** What the client hears, without `@ERROR: `; undefined: nothing, the line is just closed. */
  readonly said: string | undefined;
  /** It has been logged already, with more to say. */
  readonly isLogged: boolean;

  /** @param reason for the log; default what the client hears. */
  constructor(
    said: string | undefined,
    reason: string = said ?? "",
    { isLogged = false }: { readonly isLogged?: boolean } = {},
  ) {
    super(reason);
    this.said = said;
    this.isLogged = isLogged;
  }
}

/** A session that ends early, with rsync's exit code; what went wrong is told to the client. */
export class SessionFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, text: string, options?: ErrorOptions) {
    super(text, options);
    this.exitCode = exitCode;
  }
}
