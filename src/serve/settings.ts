import path from "node:path";
import type { HostNames, ProcessIds } from "../../protocol/index.ts";
import { Accounts } from "./accounts.ts";
import { readConf } from "./conf.ts";
import { type ConfFiles, localFiles } from "./files.ts";
import { identityFor, type OwnIds, ownIds } from "./identity.ts";
import { moduleFrom, type ServedModule } from "./module.ts";
import { LocalNames } from "./names.ts";
import { Findings, type Problem } from "./problem.ts";
import { remarkOnDaemon } from "./remarks.ts";
import type { SecretsFile } from "./secrets.ts";
import { Values } from "./values.ts";

/** What a daemon serves, and how, wherever that was written. */
export interface ServeSettings {
  readonly modules: readonly ServedModule[];
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Text of this file is shown to each client; read at each. */
  readonly motdFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly logFile: string | undefined;
  /** Looks up who a client is, for the log; undefined: nobody wants to know. */
  readonly reverse: HostNames["reverse"];
  /** Whom the process becomes; undefined: it stays who it is. */
  readonly ids: ProcessIds | undefined;
  readonly warnings: readonly Problem[];
}

export interface LoadOptions {
  /** Default: this machine's. */
  readonly files?: ConfFiles;
  readonly accounts?: Accounts;
  /** Default: this process's. */
  readonly own?: OwnIds;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Of an earlier reading. Default none. */
  readonly secretsFiles?: Map<string, SecretsFile>;
}

/**
 * Reads an rsyncd.conf into what is served.
 *
 * @throws {ConfError} with every mistake.
 */
export function loadSettings(file: string, options: LoadOptions = {}): ServeSettings {
  const { files = localFiles, environment = process.env, own = ownIds() } = options;
  const conf = readConf(path.resolve(file), {
    files,
    variables: (name) => bytesOf(environment[name]),
  });
  const findings = new Findings();
  const daemon = new Values(conf.settings, findings, { file, line: 1 });
  remarkOnDaemon(daemon);
  const { accounts = new Accounts() } = options;
  const names = new LocalNames();
  const { secretsFiles = new Map<string, SecretsFile>() } = options;
  const context = { findings, files, accounts, names, asRoot: own.uid === 0, secretsFiles };
  const modules = conf.sections.flatMap((section) => moduleFrom(section, context) ?? []);
  const settings = {
    modules,
    address: daemon.text("address"),
    port: readPort(daemon),
    motdFile: daemon.file("motd file"),
    pidFile: daemon.file("pid file"),
    logFile: daemon.file("log file"),
    reverse: (daemon.flag("reverse lookup") ?? true) ? names.reverse : undefined,
    ids: identityFor(modules, daemon, { findings, accounts, own }),
  };
  if (conf.sections.length === 0) findings.warn({ file, line: 1 }, "there is no module in it");
  findings.check();
  return { ...settings, warnings: [...conf.warnings, ...findings.warnings] };
}

function readPort(daemon: Values): number | undefined {
  const port = daemon.number("port");
  if (port !== undefined && (port < 0 || port > 65_535)) {
    daemon.mistake("port", `a number from 0 to 65535 is needed: found ${port}`);
  }
  // As in rsync 0 is the usual port, and not any.
  return port === 0 ? undefined : port;
}

function bytesOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, "utf8").toString("latin1");
}
