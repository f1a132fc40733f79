import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { inProject } from "./command.mjs";

/** `sersync serve` as a child process; `await using` ends it. */
export interface RunningServe extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Everything it has printed, on both outputs. */
  readonly output: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts the built program with these words behind `serve`, on a free port of 127.0.0.1. */
export async function startServe(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServe> {
  const argv = [inProject("dist/bin/sersync.js"), "serve", "--address", "127.0.0.1", "--port", "0"];
  const child = spawn(process.execPath, [...argv, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let printed = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  const ended = once(child, "close").then(
    ([code, signal]) => (signal ?? code) as number | NodeJS.Signals,
  );
  const found = (): string | undefined => /^serving .* on port (\d+) /m.exec(printed)?.[1];
  await new Promise<void>((resolve) => {
    child.stdout.on("data", () => {
      if (found() !== undefined) resolve();
    });
    void ended.then(() => resolve());
  });
  const port = found();
  if (port === undefined) throw new Error(`sersync serve does not start: ${printed}`);
  return {
    port: Number(port),
    pid: child.pid as number,
    output: () => printed,
    signal: (signal) => child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The text of a file; "" while there is none. */
export function readText(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}
