import { type Command as Commander, Option } from "commander";
import type { Request } from "../control/message.ts";
import type { ControlCommand } from "./command.ts";
import { collect } from "./settings.ts";

interface ControlFlags {
  readonly config?: readonly string[];
  readonly source?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Asked = (command: ControlCommand) => void;

/** What {@link addControl} adds. */
export const controlNames: readonly string[] = [
  "status",
  "stop",
  "reload",
  "resync",
  "allow-deletions",
  "pause",
  "resume",
  "retry",
];

/** Adds the subcommands that talk to a running program. */
export function addControl(program: Commander, asked: Asked, environment: Environment): void {
  const ask = (request: Request, flags: ControlFlags): void => {
    const { config = [], json = false, watch = false } = flags;
    // In a container that says it by a variable, nothing needs to be said again.
    const { SERSYNC_SOURCE } = config.length === 0 ? environment : {};
    const source = flags.source ?? (SERSYNC_SOURCE || undefined);
    const files = config.length === 0 && source === undefined ? ["confxml.xml"] : config;
    asked({ kind: "control", request, files, source, json, watch });
  };
  control(program, "status", "say how the running program does: exit code 0 when all is well")
    .option("--watch", "say it anew every second")
    .action((flags: ControlFlags) => ask({ do: "status" }, flags));
  control(program, "stop", "end the running program; what is under way may finish").action(
    (flags: ControlFlags) => ask({ do: "stop" }, flags),
  );
  control(program, "reload", "let it read its configuration again, as HUP does").action(
    (flags: ControlFlags) => ask({ do: "reload" }, flags),
  );
  control(program, "resync", "let it compare everything with the targets, as USR1 does")
    .argument("[path]", "only this and what is below; absolute, or in the watched directory")
    .action((path: string | undefined, flags: ControlFlags) =>
      ask({ do: "resync", ...(path !== undefined && { path }) }, flags),
    );
  control(program, "allow-deletions", "let it make the deletions that it holds back")
    .argument("[target]", "only there, by its name in the status")
    .action((target: string | undefined, flags: ControlFlags) =>
      ask({ do: "allow-deletions", ...(target !== undefined && { target }) }, flags),
    );
  for (const [what, description] of Object.entries(steering)) {
    control(program, what, description)
      .argument("[target]", "only there, by its name in the status")
      .action((target: string | undefined, flags: ControlFlags) =>
        ask({ do: what as keyof typeof steering, ...(target !== undefined && { target }) }, flags),
      );
  }
}

const steering: Readonly<Record<"pause" | "resume" | "retry", string>> = {
  pause: "let it send nothing for now; what changes is remembered, what is under way may finish",
  resume: "let it go on after a pause",
  retry: "let it try now what waits for a later attempt",
};

function control(program: Commander, name: string, description: string): Commander {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp())
    .option("-o, --config <file>", "the configuration it runs, default confxml.xml", collect)
    .option("--source <directory>", 'of "sersync watch": what it watches (SERSYNC_SOURCE)')
    .option("--json", "for programs");
}
