import type { ListCommand } from "./list-command.ts";
import type { Outputs } from "./outputs.ts";
import type { PullCommand } from "./pull/command.ts";
import type { PushCommand } from "./push/command.ts";

/**
 * Carries out what rsync would do once; returns rsync's exit code.
 *
 * Each direction is read from disk only when it is the one: half of the protocol is of no use to
 * the other.
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
      return (await import("./push/run.ts")).runPush(command, outputs, interrupted());
    case "pull":
      return (await import("./pull/run.ts")).runPullCommand(command, outputs, interrupted());
    case "list":
      return (await import("./list.ts")).runList(command, outputs);
  }
}
