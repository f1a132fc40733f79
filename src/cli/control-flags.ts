import { type Command as Commander, Option } from "commander";
import type { Request } from "../control/message.ts";
import type { ControlCommand } from "./command.ts";
import { collect } from "./settings.ts";

interface ControlFlags {
  readonly config?: readonly string[];
  readonly json?: boolean;
}

/** Adds the subcommands that talk to a running program. */
export function addControl(program: Commander, asked: (command: ControlCommand) => void): void {
  const ask = (request: Request, { config = ["confxml.xml"], json = false }: ControlFlags): void =>
    asked({ kind: "control", request, files: config, json });
  control(program, "stop", "end the running program; what is under way may finish").action(
    (flags: ControlFlags) => ask({ do: "stop" }, flags),
  );
  control(program, "reload", "let it read its configuration again").action((flags: ControlFlags) =>
    ask({ do: "reload" }, flags),
  );
}

function control(program: Commander, name: string, description: string): Commander {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp())
    .option("-o, --config <file>", "the configuration it runs, default confxml.xml", collect)
    .option("--json", "for programs");
}
