import type { Command } from "./command.ts";
import { parsePull } from "./pull/command.ts";
import { pullHelp } from "./pull/help.ts";
import { type Environment, parsePush } from "./push/command.ts";
import { pushHelp } from "./push/help.ts";

/** The commands whose words are rsync's, which no other reader of options could read. */
export type TransferName = "push" | "pull";

interface Reader {
  readonly help: string;
  readonly parse: (words: readonly string[], environment: Environment) => Command;
}

const readers: Readonly<Record<TransferName, Reader>> = {
  push: { help: pushHelp, parse: parsePush },
  pull: { help: pullHelp, parse: parsePull },
};

/**
 * Says what the words after `sersync push` or `sersync pull` ask for; does nothing itself.
 *
 * @throws {RsyncError} BAD_OPTION naming every option that cannot be obeyed.
 */
export function parseTransferLine(
  name: TransferName,
  words: readonly string[],
  environment: Environment = process.env,
): Command {
  const { help, parse } = readers[name];
  const asksHelp = words.length === 0 || words.includes("--help") || words.join() === "-h";
  if (asksHelp) return { kind: "text", text: help, exitCode: words.length === 0 ? 1 : 0 };
  return parse(words, environment);
}
