import fs from "node:fs";
import { findSecret, secretsFileProblem } from "../../protocol/index.ts";
import { inspect } from "../config/inspect.ts";

const largestFile = 10 * 1024 * 1024;

/** A `secrets file`: read at each login, so that a new password counts at once. */
export class SecretsFile {
  readonly file: string;
  readonly #strict: boolean;
  #remembered: string | undefined;

  /** @param strict `strict modes` */
  constructor(file: string, strict: boolean) {
    this.file = file;
    this.#strict = strict;
  }

  /**
   * Keeps the content for the time when this process has given up the right to read it.
   *
   * @returns why it cannot be used; undefined when it can.
   */
  remember(): string | undefined {
    const { content, reason, isDenied = false } = this.#read();
    if (content === undefined) return isDenied && this.#remembered ? undefined : reason;
    this.#remembered = content;
    return undefined;
  }

  /**
   * The password of a user, or of a group with its `@`; byte strings.
   *
   * @throws {Error} when the file cannot be used.
   */
  find(name: string): Buffer | undefined {
    const { content, reason, isDenied } = this.#read();
    const known = content ?? (isDenied ? this.#remembered : undefined);
    if (known === undefined) throw new Error(`secrets file ${this.file}: ${reason}`);
    const secret = findSecret(known, name);
    return secret === undefined ? undefined : Buffer.from(secret, "latin1");
  }

  #read(): Read {
    const opened = inspect(() => ({ fd: openQuickly(this.file) }));
    if (typeof opened === "string") {
      return { reason: opened, isDenied: opened.includes("permission denied") };
    }
    try {
      const stats = fs.fstatSync(opened.fd);
      const asRoot = process.getuid?.() === 0;
      const problem = this.#strict ? secretsFileProblem(stats, asRoot) : undefined;
      if (problem !== undefined) return { reason: problem };
      if (stats.size > largestFile) return { reason: `it has ${stats.size} bytes` };
      const content = inspect(() => fs.readFileSync(opened.fd));
      return typeof content === "string"
        ? { reason: content }
        : { content: content.toString("latin1") };
    } finally {
      fs.closeSync(opened.fd);
    }
  }
}

interface Read {
  readonly content?: string;
  readonly reason?: string;
  readonly isDenied?: boolean;
}

/** A fifo in the file's place would be waited for until somebody writes into it. */
function openQuickly(file: string): number {
  return fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
}
