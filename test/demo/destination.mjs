import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import { inProject } from "../support/command.mjs";

const startDeadlineMs = 10_000;
const stopDeadlineMs = 5_000;

/**
 * Starts `sersync serve`, the daemon that comes with sersync, on a free port of 127.0.0.1, with a
 * module `backup` for one user.
 *
 * @param {{ directory: string, user: string }} options `directory` is made.
 */
export async function startDestination({ directory, user }) {
  fs.mkdirSync(directory, { recursive: true });
  const password = randomBytes(12).toString("hex");
  const words = ["--module", `backup=${directory},rw,auth=${user}`];
  const { port, stop, command } = await startServe(words, { RSYNC_PASSWORD: password });
  const url = `rsync://${user}@127.0.0.1:${port}/backup/`;
  return { command, path: directory, port, password, url, stop };
}

/**
 * Starts `sersync serve` with these words on a free port of 127.0.0.1.
 *
 * @param {readonly string[]} words
 * @param {Record<string, string>} environment
 */
export async function startServe(words, environment = {}) {
  const argv = ["serve", ...words, "--address", "127.0.0.1", "--port", "0"];
  const child = spawn(process.execPath, [inProject("dist/bin/sersync.js"), ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const port = await portOf(child);
  const command = `sersync ${argv.join(" ")}`;
  return { command, port, pid: child.pid, stop: () => stop(child) };
}

/** What it prints goes on being read: a full pipe would hold it up. */
function portOf(child) {
  return new Promise((resolve, reject) => {
    let printed = "";
    const late = setTimeout(() => fail("it does not listen"), startDeadlineMs);
    const fail = (why) => {
      clearTimeout(late);
      child.kill("SIGKILL");
      reject(new Error(`Cannot start the destination: ${why}\n${printed}`));
    };
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding("utf8").on("data", (text) => {
        if (printed.length < 10_000) printed += text;
        const port = /^serving .* on port (\d+) /m.exec(printed)?.[1];
        if (port === undefined) return;
        clearTimeout(late);
        resolve(Number(port));
      });
    }
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code, signal) => fail(`it ended with ${signal ?? code}`));
  });
}

async function stop(child) {
  child.removeAllListeners("exit");
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
  await ended;
  clearTimeout(late);
}
