import { RsyncError } from "../errors.ts";

/**
 * Arguments to bytes: a NUL after each and one more at the end; before protocol 30 they are lines.
 *
 * @throws {RsyncError} BAD_OPTION when an argument holds what ends it, or is empty.
 */
export function encodeArguments(words: readonly string[], protocol = 32): Buffer {
  const end = protocol < 30 ? "\n" : "\0";
  const broken = words.find((word) => (protocol < 30 ? /[\0\r\n]/ : /\0/).test(word));
  if (broken !== undefined) {
    throw new RsyncError(
      "BAD_OPTION",
      `Cannot send the argument ${JSON.stringify(broken)}: protocol ${protocol} has no way to say it`,
    );
  }
  // An empty one is the end of them all: the daemon would take the rest for something else.
  if (words.includes("")) throw new RsyncError("BAD_OPTION", "Cannot send an empty argument");
  return Buffer.from(words.map((word) => word + end).join("") + end, "latin1");
}

/**
 * As {@link encodeArguments}, for a daemon. Those since 3.4.4 take a backslash off each in values of
 * options; older ones, which may look as new, leave them. Behind `-s` all take words as they are.
 *
 * @throws {RsyncError} BAD_OPTION as there.
 */
export function encodeForDaemon(words: readonly string[], protocol: number): Buffer {
  const values = words.slice(0, words.lastIndexOf("."));
  if (!values.some((word) => word.includes("\\"))) return encodeArguments(words, protocol);
  const at = words[1] === "--sender" ? 2 : 1;
  const [, letters = ""] = /^-(\w.*)$/s.exec(words[at] ?? "") ?? [];
  const others = words.slice(letters === "" ? at : at + 1);
  return Buffer.concat([
    encodeArguments([...words.slice(0, at), `-s${letters}`], protocol),
    encodeArguments(["rsync", ...others]),
  ]);
}
