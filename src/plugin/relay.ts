import { createRequire } from "node:module";

// Started by the command plugin in a process of its own: becomes the program it is asked for, with
// arguments and variables that no JavaScript string can hold.

interface RelayOrder {
  readonly words: readonly string[];
  readonly variables: readonly (readonly [string, string])[];
}

const setDescriptorFlags = 2; // F_SETFD
/** Signals that Node ignores and a program does not expect to be ignored: SIGPIPE, SIGXFSZ. */
const ignoredSignals = [13, 25];

try {
  const { words, variables } = JSON.parse(process.argv[2] ?? "") as RelayOrder;
  become(words.map(fromHex), variables);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
process.exitCode = 127;

/** Returns only when the program could not be started. */
function become(words: readonly Buffer[], variables: RelayOrder["variables"]): void {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const c = koffi.load(null);
  const setenv = c.func("int setenv(const uint8_t *name, const uint8_t *value, int overwrite)");
  const fcntl = c.func("int fcntl(int fd, int command, ...)");
  const signal = c.func("intptr_t signal(int number, intptr_t handler)");
  const execvp = c.func("int execvp(const uint8_t *file, const uint8_t **argv)");
  for (const [name, value] of variables) setenv(Buffer.from(`${name}\0`), fromHex(value), 1);
  // Node closes its own descriptors on exec, the standard ones included.
  for (const descriptor of [0, 1, 2]) fcntl(descriptor, setDescriptorFlags, "int", 0);
  for (const number of ignoredSignals) signal(number, 0);
  execvp(words[0], [...words, null]);
}

/** NUL-terminated, as C wants it. */
function fromHex(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, "hex"), Buffer.alloc(1)]);
}
