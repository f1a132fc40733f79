import { spawn } from "node:child_process";

/** Set in the environment of the process that runs in the background. */
const backgroundMark = "SERSYNC_IN_BACKGROUND";

/** True in the process that `-d` has started. */
export function isInBackground(): boolean {
  return process.env[backgroundMark] === "1";
}

/**
 * Starts this program again, in a session of its own, and waits until it says that it is ready: the
 * exit code of `-d` tells whether the mirror runs. Output stays where it is, as in sersync.
 *
 * @returns 0 when the background process is ready, else what it exited with.
 */
export async function runInBackground(words: readonly string[]): Promise<number> {
  const [, script = ""] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, [backgroundMark]: "1" },
  });
  return new Promise((resolve) => {
    child.once("message", () => {
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once("exit", (code) => resolve(code ?? 1));
    child.once("error", (error) => {
      process.stderr.write(`sersync: cannot start in the background: ${error.message}\n`);
      resolve(1);
    });
  });
}

/** Tells the process that waits in the foreground that it may go. */
export function reportReady(): void {
  if (!isInBackground() || process.send === undefined) return;
  process.send("ready", () => process.disconnect());
}
