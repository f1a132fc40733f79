import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top directory. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The path of a file of the project, or of one of its tools. */
export function inProject(...parts) {
  return path.join(projectRoot, ...parts);
}

/**
 * Runs a program to its end, without a shell.
 *
 * @param {readonly string[]} argv program and arguments
 * @param {{ show?: boolean, timeoutMs?: number, cwd?: string, env?: object }} options `show` lets
 *   the output through (default: collected); timeoutMs (default 10 minutes) kills it.
 * @returns {{ ok: boolean, missing: boolean, output: string }} `missing`: there is no such program
 */
export function run(argv, options = {}) {
  const { show = false, timeoutMs = 600_000, cwd = projectRoot, env = process.env } = options;
  const ended = spawnSync(argv[0], argv.slice(1), {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const why = ended.error === undefined ? "" : `${argv[0]}: ${ended.error.message}\n`;
  return {
    ok: ended.status === 0,
    missing: ended.error?.code === "ENOENT",
    output: `${ended.stdout ?? ""}${ended.stderr ?? ""}${why}`,
  };
}

/** Runs the JavaScript `script` of this project on the Node that runs us. */
export function runNode(script, argv, options) {
  return run([process.execPath, inProject(script), ...argv], options);
}
