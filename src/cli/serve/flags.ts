import { type Command as Commander, Option } from "commander";
import { wholeNumber } from "../list-flags.ts";
import { collect } from "../settings.ts";
import type { ServeCommand } from "./command.ts";

interface ServeFlags {
  readonly module?: readonly string[];
  readonly config?: string;
  readonly address?: string;
  readonly port?: number;
  readonly passwordFile?: string;
  readonly secretsFile?: string;
  readonly motdFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly logFile?: string;
  readonly pidFile?: string;
  readonly maxConnections?: number;
  readonly maxPerAddress?: number;
  readonly timeout?: number;
  readonly grace?: number;
  readonly daemon?: boolean;
  readonly check?: boolean;
}

const defaultGraceSeconds = 10;

const help = `
Behind the path of a module: rw (clients may write; without it they may only read), wo (only
write), hidden (not listed), auth=USER (again for each user), comment=TEXT.

Examples:
  sersync serve --module backup=/srv/backup,rw
                       on rsync://127.0.0.1:8730/backup/, for this machine only
  sersync serve --module b=/srv/b,rw,auth=joe --password-file /etc/rsync.pas --address 0.0.0.0
                       for others, with a password
  sersync serve --config /etc/rsyncd.conf
                       as rsync --daemon would, on port 873 of every address
  sersync serve --config /etc/rsyncd.conf --check
                       say what would be served, and every mistake with its line
  rsync -a dir/ rsync://127.0.0.1:8730/backup/

HUP reads configuration and certificates again (a bad one leaves the old in place) and opens log
files anew; TERM and INT end it when what is under way is through, a second one at once.

Exit codes are rsync's: 0 ended as it was told, 1 options or configuration, 10 the port cannot be
had, 20 told twice to end.`;

/** Adds `sersync serve`. */
export function addServe(program: Commander, asked: (command: ServeCommand) => void): void {
  const command = program.command("serve");
  command
    .description("serve directories to rsync clients: an rsync daemon")
    .option("--module <name=path>", "serve this directory; may be repeated", collect)
    .option("--config <file>", "serve what an rsyncd.conf says")
    .option("--address <address>", "listen there; default 127.0.0.1, with --config everywhere")
    .option(
      "--port <number>",
      "default 8730, with --config 873, or 874 with TLS",
      wholeNumber(0, 65_535),
    )
    .option("--password-file <file>", "the password of every auth=USER, alone in a file")
    .option("--secrets-file <file>", "lines of user:password for auth=USER")
    .option("--motd-file <file>", "what clients are shown first")
    .option("--tls-cert <file>", "speak TLS (rsyncs://): the certificate, PEM")
    .option("--tls-key <file>", "its key, PEM")
    .option("--tls-ca <file>", "only for clients with a certificate of this authority, PEM")
    .option("--max-connections <number>", "of all clients, default 500", wholeNumber(1, 100_000))
    .option(
      "--max-per-address <number>",
      "of clients with one address, default half of all",
      wholeNumber(1, 100_000),
    )
    .option(
      "--timeout <seconds>",
      "of silence, where a module says nothing",
      wholeNumber(1, 86_400),
    )
    .option(
      "--grace <seconds>",
      "wait so long for transfers at the end, default 10",
      wholeNumber(0, 86_400),
    )
    .option("--log-file <file>", "write log lines there; default the standard output")
    .option("--pid-file <file>", "hold the process's number there")
    .option("-d, --daemon", "run in the background")
    .option("--check", "say what would be served, and end")
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp())
    .addHelpText("after", help)
    .action((flags: ServeFlags) => asked(commandOf(command, flags)));
}

function commandOf(command: Commander, flags: ServeFlags): ServeCommand {
  const { module: modules = [], config, tlsCert, tlsKey, tlsCa } = flags;
  if (modules.length === 0 && config === undefined) {
    command.error("error: say what is served: --module NAME=PATH, or --config FILE");
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    command.error("error: --tls-cert and --tls-key go together");
  }
  if (tlsCa !== undefined && tlsCert === undefined) {
    command.error("error: --tls-ca needs --tls-cert and --tls-key");
  }
  const { address, port, passwordFile, secretsFile, motdFile, logFile, pidFile } = flags;
  const files = { passwordFile, secretsFile, motdFile, logFile, pidFile };
  return {
    kind: "serve",
    config,
    modules,
    address,
    port,
    ...files,
    tlsCert,
    tlsKey,
    tlsCa,
    maxConnections: flags.maxConnections,
    maxPerAddress: flags.maxPerAddress,
    timeoutSeconds: flags.timeout,
    graceSeconds: flags.grace ?? defaultGraceSeconds,
    daemon: flags.daemon ?? false,
    check: flags.check ?? false,
  };
}
