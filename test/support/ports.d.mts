/**
 * A port of 127.0.0.1 where nobody listens now, and which no client is given.
 *
 * @throws {Error} when there is none.
 */
export function freePort(): Promise<number>;

/** Whether a process itself listens at an IPv4 address; true where the system does not tell. */
export function listensAt(
  pid: number,
  at: { readonly address: string; readonly port: number },
): boolean;
