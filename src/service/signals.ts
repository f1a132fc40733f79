import { closeSync, openSync } from "node:fs";

/** What signals ask a mirror for. */
export interface SignalListener {
  /** TERM, INT, or a terminal that was closed. */
  stop(reason: string): void;
  /** The same once more: at once. */
  stopNow(): void;
  /** HUP */
  reload(): void;
  /** USR1 */
  resync(): void;
}

/** Listens to signals until the returned function is called. */
export function listenToSignals(listener: SignalListener): () => void {
  const hadTerminal = process.stdout.isTTY === true && hasTerminal();
  let isStopping = false;
  const stop = (reason: string): void => {
    if (isStopping) listener.stopNow();
    else listener.stop(reason);
    isStopping = true;
  };
  const handlers: Readonly<Partial<Record<NodeJS.Signals, () => void>>> = {
    SIGTERM: () => stop("SIGTERM"),
    SIGINT: () => stop("SIGINT"),
    // A window that was closed takes its program with it, as ever; a service has none.
    SIGHUP: () => (hadTerminal && !hasTerminal() ? stop("a closed terminal") : listener.reload()),
    SIGUSR1: () => listener.resync(),
  };
  const entries = Object.entries(handlers);
  for (const [signal, handler] of entries) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of entries) process.off(signal, handler);
  };
}

/** True while a terminal controls this process; after it hung up it cannot be opened. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
