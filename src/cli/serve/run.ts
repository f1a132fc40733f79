import fs from "node:fs";
import path from "node:path";
import { type DaemonTls, type ListenAddress, RsyncError } from "../../../protocol/index.ts";
import { inspect } from "../../config/inspect.ts";
import { configurationKey } from "../../control/address.ts";
import { ownIds } from "../../serve/identity.ts";
import { formatProblem } from "../../serve/problem.ts";
import { quickModule } from "../../serve/quick.ts";
import type { SecretsFile } from "../../serve/secrets.ts";
import { ServeService } from "../../serve/service.ts";
import { loadSettings, type ServeSettings } from "../../serve/settings.ts";
import { type LogName, startInBackground } from "../daemon.ts";
import type { RunContext } from "../run.ts";
import { backgroundLog, complain, heedStarter, say } from "../starter.ts";
import type { ServeCommand } from "./command.ts";
import { describeServing, warnOfOpenDoors } from "./words.ts";

/** Told twice to end: what rsync exits with after a signal. */
const interruptedCode = 20;
const quickPort = 8_730;

/**
 * Carries out `sersync serve`: serves until the process is told to end.
 *
 * @throws {ConfError} and {RsyncError} what keeps it from serving.
 */
export async function runServe(
  command: ServeCommand,
  { words, version }: RunContext,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const load = loader(command, environment);
  if (command.check) return check(load(), command);
  const started = await startInBackground(command, words, logName(command));
  if (started !== undefined) return started;
  const { config, pidFile, maxConnections, maxPerAddress, timeoutSeconds, graceSeconds } = command;
  const secure = command.tlsCert !== undefined;
  const service: ServeService = new ServeService({
    load,
    address: config === undefined ? "127.0.0.1" : "::",
    port: config === undefined ? quickPort : secure ? 874 : 873,
    loadTls: () => readTls(command),
    logFile: command.logFile ?? backgroundLog(),
    pidFile,
    maxConnections,
    maxPerAddress,
    timeoutSeconds,
    graceMs: graceSeconds * 1_000,
    version,
    complain,
    onReady: (settings, at) => {
      announce(settings, { ...at, secure });
      starter.ready();
    },
  });
  heedSignals(service);
  const starter = heedStarter(() => void service.stop("the process that started it has ended"));
  await service.run();
  return 0;
}

function logName({ config = "serve" }: ServeCommand): LogName {
  return { file: config, key: configurationKey(path.resolve(config)) };
}

function announce(settings: ServeSettings, at: ListenAddress & { readonly secure: boolean }): void {
  say(`${describeServing(settings, at).join("\n")}\n`);
  for (const line of warnOfOpenDoors(settings, at.address)) complain(line);
}

function heedSignals(service: ServeService): void {
  let isEnding = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(interruptedCode);
      isEnding = true;
      void service.stop(signal);
    });
  }
  process.on("SIGHUP", () => service.reload());
}

/** Files and flags together; a flag wins over the file. */
function loader(
  command: ServeCommand,
  { RSYNC_PASSWORD: password, ...environment }: Readonly<Record<string, string | undefined>>,
): () => ServeSettings {
  const { config, modules, passwordFile, secretsFile } = command;
  const secretsFiles = new Map<string, SecretsFile>();
  const own = ownIds();
  return () => {
    const quick = modules.map((word) => quickModule(word, { passwordFile, secretsFile, password }));
    const { address, port, motdFile } = command;
    const given = {
      ...(address !== undefined && { address }),
      ...(port !== undefined && { port }),
      ...(motdFile !== undefined && { motdFile }),
    };
    if (config === undefined) return { ...nothing, modules: quick, ...given };
    const loaded = loadSettings(config, { own, environment, secretsFiles });
    return { ...loaded, modules: [...loaded.modules, ...quick], ...given };
  };
}

const nothing: Omit<ServeSettings, "modules"> = {
  address: undefined,
  port: undefined,
  motdFile: undefined,
  pidFile: undefined,
  logFile: undefined,
  reverse: undefined,
  ids: undefined,
  warnings: [],
};

function check(settings: ServeSettings, { config, tlsCert }: ServeCommand): number {
  for (const warning of settings.warnings) complain(formatProblem(warning));
  const secure = tlsCert !== undefined;
  const port = settings.port ?? (config === undefined ? quickPort : secure ? 874 : 873);
  const address = settings.address ?? (config === undefined ? "127.0.0.1" : "::");
  for (const line of describeServing(settings, { address, port, secure })) say(`${line}\n`);
  for (const line of warnOfOpenDoors(settings, address)) complain(line);
  return 0;
}

function readTls({ tlsCert, tlsKey, tlsCa }: ServeCommand): DaemonTls | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return {
    cert: readPem("--tls-cert", tlsCert),
    key: readPem("--tls-key", tlsKey),
    clientAuthorities: tlsCa === undefined ? undefined : readPem("--tls-ca", tlsCa),
  };
}

function readPem(option: string, file: string): string {
  const content = inspect(() => ({ text: fs.readFileSync(file, "latin1") }));
  if (typeof content !== "string") return content.text;
  throw new RsyncError("BAD_OPTION", `Cannot use ${option} ${file}: ${content}`);
}
