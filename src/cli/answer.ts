import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline/promises";
import { InvalidArgumentError } from "commander";
import { type Answer, runCheck } from "./check.ts";
import type { Question } from "./command.ts";
import { runExplain } from "./explain.ts";
import { type Questioner, writeInitial } from "./init.ts";

/** Carries out a subcommand that only answers; what it says is for the caller to print. */
export async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case "check":
      return runCheck(question);
    case "explain":
      return runExplain(question);
    case "diff":
      return (await import("./diff.ts")).runDiff(question); // it alone talks to targets
    case "init": {
      // Questions go to stderr: the standard output may be the file that is written.
      const questioner = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await runInit(question, endingWith(questioner));
      } finally {
        questioner.close();
      }
    }
  }
}

/** Without this a question would wait for ever on an input that has ended. */
function endingWith(lines: Interface): Questioner {
  const ended = once(lines, "close").then((): never => {
    throw new InvalidArgumentError("the input ended before every question was answered");
  });
  // Closing after the last answer is no failure.
  ended.catch(() => {});
  return { question: (text: string) => Promise.race([lines.question(text), ended]) };
}

/** `sersync init`: the text of a new configuration, or a line about the file it was written to. */
export async function runInit(
  { settings, output }: Extract<Question, { readonly kind: "init" }>,
  questioner: Questioner,
): Promise<Answer> {
  try {
    const text = await writeInitial(settings, questioner);
    if (output === undefined) return { text, exitCode: 0 };
    // Somebody's configuration is never written over.
    writeFileSync(output, text, { flag: "wx" });
    return {
      text: `${output} is written; see what it does: sersync check -o ${output}\n`,
      exitCode: 0,
    };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return { text: `${error.message}\n`, exitCode: 1 };
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === "EEXIST" ? "it exists already" : code;
    return { text: `cannot write ${output}: ${reason}\n`, exitCode: 1 };
  }
}
