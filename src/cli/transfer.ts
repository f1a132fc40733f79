import type { ListCommand } from "./command.ts";
import { runList } from "./list.ts";
import type { PullCommand } from "./pull/command.ts";
import { runPullCommand } from "./pull/run.ts";
import type { PushCommand } from "./push/command.ts";
import type { Outputs } from "./push/printer.ts";
import { runPush } from "./push/run.ts";

/**
 * Carries out what rsync would do once; returns rsync's exit code.
 *
 * @throws {RsyncError} what ended it.
 */
export async function transfer(
  command: PushCommand | PullCommand | ListCommand,
  outputs: Outputs,
  interrupted: () => AbortSignal,
): Promise<number> {
  switch (command.kind) {
    case "push":
      return runPush(command, outputs, interrupted());
    case "pull":
      return runPullCommand(command, outputs, interrupted());
    case "list":
      return runList(command, outputs);
  }
}
