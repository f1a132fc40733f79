import { type Answer, runCheck } from "./check.ts";
import type { Question } from "./command.ts";
import { runExplain } from "./explain.ts";

/** Carries out a subcommand that only answers; what it says is for the caller to print. */
export async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case "check":
      return runCheck(question);
    case "explain":
      return runExplain(question);
    // These need what the others can do without: a way to targets, and somebody to ask.
    case "diff":
      return (await import("./diff.ts")).runDiff(question);
    case "init":
      return (await import("./init.ts")).askInit(question);
  }
}
