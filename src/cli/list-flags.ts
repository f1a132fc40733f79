import { type Command as Commander, InvalidArgumentError, Option } from "commander";
import type { ListCommand } from "./list-command.ts";

interface ListFlags {
  readonly recursive?: boolean;
  readonly json?: boolean;
  readonly passwordFile?: string;
  readonly port?: number;
  readonly timeout?: number;
  readonly protocol?: number;
  readonly rsh?: string;
  readonly rsyncPath?: string;
  readonly motd: boolean;
}

const examples = `
Examples:
  sersync list rsync://host/                 the modules of a daemon
  sersync list host::                        the same
  sersync list rsync://host/module/dir/      what is in a directory
  sersync list -e 'ssh -p 2222' host:dir/    a directory of a machine behind ssh
  sersync list -r --json rsync://user@host/module --password-file /etc/rsync.pas

Exit codes are rsync's: 5 unknown module or wrong password, 10 no connection, 23 not all listed.`;

/** Adds `sersync list`. */
export function addList(program: Commander, asked: (command: ListCommand) => void): void {
  program
    .command("list")
    .description("list the modules of an rsync daemon, or files of a module")
    .argument(
      "<url>",
      "rsync://[user@]host[:port]/[module/path], host::[module/path], or host:path",
    )
    .option("-r, --recursive", "everything below")
    .option("--json", "for programs")
    .option("--password-file <file>", "else RSYNC_PASSWORD counts")
    .option("--port <number>", "default 873", wholeNumber(1, 65_535))
    .option("--timeout <seconds>", "of silence, default 30", wholeNumber(1, 86_400))
    .option("--protocol <number>", "27 to 32", wholeNumber(27, 32))
    .option("-e, --rsh <command>", "reach the other machine over ssh, as with -p 2222")
    .option("--rsync-path <program>", "over ssh, default rsync")
    .option("--no-motd", "without the message of the day")
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp())
    .addHelpText("after", examples)
    .action((url: string, flags: ListFlags) => asked(commandOf(url, flags)));
}

function commandOf(url: string, flags: ListFlags): ListCommand {
  const { recursive = false, json = false, timeout = 30, motd, ...rest } = flags;
  const { passwordFile, port, protocol, rsh: remoteShell, rsyncPath: program } = rest;
  return {
    kind: "list",
    url,
    recursive,
    json,
    motd,
    timeoutMs: timeout * 1_000,
    passwordFile,
    port,
    protocol,
    remoteShell,
    program,
  };
}

/** Reads a whole number within limits, for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`A number from ${least} to ${most} is allowed.`);
  };
}
