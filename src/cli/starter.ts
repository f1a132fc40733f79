/** Set in the environment of the process that runs in the background. */
export const backgroundMark: string = "SERSYNC_IN_BACKGROUND";
/** The log file that was chosen for it. */
export const logMark: string = "SERSYNC_BACKGROUND_LOG";

const { [backgroundMark]: mark, [logMark]: chosenLog } = process.env;
// Programs that plugins start are not in the background themselves.
delete process.env[backgroundMark];
delete process.env[logMark];

/** What the process in the background says to the one that waits for it. */
export type Word =
  | { readonly kind: "ready" }
  | { readonly kind: "out" | "err"; readonly text: string };

/** True in the process that `-d` has started. */
export const isInBackground: boolean = mark === "1";

/** The log file that was chosen for the process in the background; undefined: none was. */
export function backgroundLog(): string | undefined {
  return chosenLog;
}

/** Says something to the person who started the program. */
export function say(text: string): void {
  tell({ kind: "out", text }, process.stdout);
}

/** Says to the person who started the program what is wrong. */
export function complain(text: string): void {
  tell({ kind: "err", text: `sersync: ${text}\n` }, process.stderr);
}

/** Text as it is, where a person looks for what is wrong. */
export function sayOnError(text: string): void {
  tell({ kind: "err", text }, process.stderr);
}

function tell(word: Word & { readonly text: string }, otherwise: NodeJS.WriteStream): void {
  // With a log file the outputs are that file, and the person is at the other end of the channel.
  if (chosenLog !== undefined && process.connected) process.send?.(word);
  else otherwise.write(word.text);
}

/** The process that waits in the foreground until this one is ready. */
export interface Starter {
  /** Tells it that it may go. */
  ready(): void;
}

/** Calls `abandoned` when the process that waits is gone before this one was ready. */
export function heedStarter(abandoned: () => void): Starter {
  if (isInBackground) process.once("disconnect", abandoned);
  return { ready: () => void reportReady() };
}

async function reportReady(): Promise<void> {
  if (!isInBackground || !process.connected) return;
  process.removeAllListeners("disconnect");
  await new Promise((resolve) => process.send?.({ kind: "ready" } satisfies Word, resolve));
  if (process.connected) process.disconnect();
}

/** Lets the process that waits see the end of this one; all that was said before arrives. */
export async function leaveStarter(): Promise<void> {
  if (!isInBackground || !process.connected) return;
  process.removeAllListeners("disconnect");
  const last: Word = { kind: "err", text: "" };
  await new Promise((resolve) => process.send?.(last, resolve));
  if (process.connected) process.disconnect();
}
