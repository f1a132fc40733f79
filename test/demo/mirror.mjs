import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { inProject } from "../support/command.mjs";
import { parseLogLine } from "./log.mjs";

const stopDeadlineMs = 10_000;
const rememberedLines = 10;

/**
 * The running program; emits "delivery" for each acknowledged path, "pushed" after the first full
 * push, "text" for other lines, and "ended" when the program ends without being stopped.
 */
export class Mirror extends EventEmitter {
  #child;
  #stopping = false;
  #lastLines = [];

  /** @param {string} configuration path of a confxml.xml */
  constructor(configuration) {
    super();
    const argv = [inProject("dist/bin/sersync.js"), "-r", "-o", configuration];
    this.#child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: output }).on("line", (line) => this.#read(line));
    }
    this.#child.once("close", (code, signal) => {
      const why = [`sersync has ended by itself (${signal ?? code}):`, ...this.#lastLines];
      if (!this.#stopping) this.emit("ended", why.join("\n    "));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  #read(line) {
    const { delivery, pushed, text, isProblem } = parseLogLine(line);
    if (delivery !== undefined) this.emit("delivery", delivery);
    else if (pushed) this.emit("pushed");
    else this.#tell(text, isProblem);
  }

  #tell(text, isProblem) {
    this.#lastLines = [...this.#lastLines, text].slice(-rememberedLines);
    this.emit("text", text, isProblem);
  }

  /** Ends the program as a service manager would, by SIGTERM; by SIGKILL after ten seconds. */
  async stop() {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), stopDeadlineMs);
    await ended;
    clearTimeout(late);
  }
}

/**
 * Waits until each of `paths` has been acknowledged.
 *
 * @returns {Promise<{ bytes: number } | undefined>} what was sent for them together; undefined when
 *   `deadlineMs` passed first
 */
export function acknowledged(mirror, paths, deadlineMs) {
  const missing = new Set(paths);
  return new Promise((resolve) => {
    let bytes = 0;
    const done = (result) => {
      clearTimeout(late);
      mirror.off("delivery", onDelivery);
      resolve(result);
    };
    const onDelivery = (delivery) => {
      if (missing.delete(delivery.path)) bytes += delivery.bytes ?? 0;
      if (missing.size === 0) done({ bytes });
    };
    const late = setTimeout(() => done(undefined), deadlineMs);
    mirror.on("delivery", onDelivery);
  });
}
