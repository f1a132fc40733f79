import path from "node:path";
import { RsyncError } from "../../protocol/index.ts";
import type { LoadedConfig } from "../config/confxml.ts";
import { configFromSettings } from "../config/direct.ts";
import { loadConfig } from "../config/load.ts";
import { surroundingsFor } from "../config/surroundings.ts";
import type { MirrorSettings } from "../config/template.ts";
import { configurationKey, realPath, settingsKey } from "../control/address.ts";
import { createLog, standardOutput } from "../log.ts";
import { tryLogFile } from "../log-file.ts";
import { loadPlans, type Plan, type PlanSource } from "../service/plan.ts";
import { Service } from "../service/service.ts";
import { stateDirectory } from "../state/directory.ts";
import type { StatusReport } from "../status/report.ts";
import { tokenProblem } from "../status/token.ts";
import type { MirrorCommand, WatchCommand } from "./command.ts";
import { startInBackground } from "./daemon.ts";
import { FirstPush } from "./first-push.ts";
import { ProgressLine } from "./progress-line.ts";
import { backgroundLog, complain, heedStarter, say, sayOnError } from "./starter.ts";
import { startupLines } from "./startup.ts";

/** What the program is started with besides its command. */
export interface RunContext {
  /** The command line, for starting it again in the background. */
  readonly words: readonly string[];
  readonly version: string;
}

/** Mirrors what configuration files, or flags, say until the process is told to stop. */
export async function runMirror(
  command: MirrorCommand | WatchCommand,
  { words, version }: RunContext,
): Promise<number> {
  const sources = command.kind === "mirror" ? fileSources(command) : [settingsSource(command)];
  const [first] = sources as readonly [PlanSource, ...PlanSource[]];
  const started = await startInBackground(command, words, first);
  if (started !== undefined) return started;
  for (const warning of command.warnings) complain(warning);
  const plans = loadPlans(sources);
  for (const { warnings } of plans) for (const line of warnings) sayOnError(`${line}\n`);
  await serve(command, plans, { sources, version });
  return 0;
}

function fileSources(command: MirrorCommand): readonly PlanSource[] {
  const { files, plugin, wait = false } = command;
  const sources = files.map((file) => ({
    key: configurationKey(file),
    file,
    load: () => {
      const alone = plugin && { pluginAlone: plugin };
      return loadConfig(file, { surroundings: surroundingsFor({ wait }), ...alone });
    },
  }));
  const twice = sources.find(({ key }, at) => sources.findIndex((each) => each.key === key) !== at);
  if (twice === undefined) return sources;
  throw new RsyncError("BAD_OPTION", `-o: ${twice.file} is given twice`);
}

function settingsSource({ settings, wait = false }: WatchCommand): PlanSource {
  const key = settingsKey(settings.source, settings.targets.map(targetName));
  const load = (): LoadedConfig => configFromSettings(settings, surroundingsFor({ wait }));
  return { key, file: settings.source, source: realPath(path.resolve(settings.source)), load };
}

function targetName({
  host,
  port = 873,
  name,
  user = "",
}: MirrorSettings["targets"][number]): string {
  return `${user}@${host}:${port}/${name}`;
}

function announce(command: MirrorCommand | WatchCommand, plans: readonly Plan[]): void {
  if (command.kind !== "mirror") return;
  for (const { config } of plans) {
    for (const line of startupLines(config, command)) say(`${line}\n`);
  }
}

/** @throws {RsyncError} BAD_OPTION when the file is not fit to hold a token. */
function refuseBadToken(file: string | undefined): void {
  const problem = file === undefined ? undefined : tokenProblem(file);
  if (problem !== undefined) throw new RsyncError("BAD_OPTION", `--token-file ${file}: ${problem}`);
}

async function serve(
  command: MirrorCommand | WatchCommand,
  plans: readonly Plan[],
  { sources, version }: { readonly sources: readonly PlanSource[]; readonly version: string },
): Promise<void> {
  const file = command.logFile ?? backgroundLog();
  const logFile = file === undefined ? undefined : tryLogFile(file, complain);
  if (logFile !== undefined) process.on("exit", () => logFile.flushSync());
  const debug = plans.some(({ config }) => config.debug);
  const screen = logFile === undefined && process.stdout.isTTY ? openScreen() : undefined;
  const log = createLog({
    debug,
    ...(logFile && { output: logFile, pretty: false }),
    ...(screen && { output: screen.output }),
  });
  const { deleteGuard: share, stateDirectory: given } = command;
  const tokenFile = command.tokenFile || process.env["SERSYNC_TOKEN_FILE"] || undefined;
  refuseBadToken(tokenFile);
  const isRoot = process.getuid?.() === 0;
  const service = new Service(plans, {
    ...command,
    tokenFile,
    stateDirectory: stateDirectory({ given, environment: process.env, isRoot }),
    ownFiles: file === undefined ? [] : [file],
    guard: share === undefined ? {} : { share },
    sources,
    version,
    log,
    reopenLog: () =>
      logFile?.reopen((line) => {
        complain(line);
        log.error(line); // in the background nobody reads the other
      }),
    onClaimed: () => announce(command, plans),
    onReady: () => starter.ready(),
  });
  const bar = command.fullPush && screen ? screen.follow(plans, () => service.reports) : undefined;
  const starter = heedStarter(() => void service.stop("the end of the process that started it"));
  await service.run().finally(() => bar?.end());
}

/** A terminal, on which log lines go by above a line that stays. */
function openScreen() {
  const terminal = standardOutput();
  const line = new ProgressLine({
    write: (text) => terminal.write(text),
    columns: () => process.stdout.columns,
  });
  const write = (text: string): void => {
    line.clear();
    terminal.write(text);
  };
  const follow = (plans: readonly Plan[], reports: () => readonly StatusReport[]): FirstPush =>
    new FirstPush(
      plans.map(({ config }) => config),
      reports,
      line,
    );
  return { output: { write }, follow };
}
