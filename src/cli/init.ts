import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline/promises";
import { InvalidArgumentError } from "commander";
import { formatConfxml, type MirrorSettings } from "../config/template.ts";
import type { Answer } from "./check.ts";
import type { Question } from "./command.ts";
import { targetFrom } from "./settings.ts";

/** What asks questions; node:readline/promises has it. */
export type Questioner = Pick<Interface, "question">;

type InitQuestion = Extract<Question, { readonly kind: "init" }>;

/** `sersync init`, with a person at the terminal. */
export async function askInit(question: InitQuestion): Promise<Answer> {
  // Questions go to stderr: the standard output may be the file that is written.
  const questioner = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await runInit(question, endingWith(questioner));
  } finally {
    questioner.close();
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
  { settings, output }: InitQuestion,
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

/**
 * The text of a confxml.xml for `sersync init`; asks for what the settings leave open.
 *
 * @throws {InvalidArgumentError} when an answer is no address of an rsync module.
 */
export async function writeInitial(
  settings: Partial<MirrorSettings>,
  questioner: Questioner,
): Promise<string> {
  const source = settings.source ?? (await questioner.question("Directory to watch: ")).trim();
  if (settings.targets !== undefined) {
    return formatConfxml({ ...settings, source, targets: settings.targets });
  }
  const target = targetFrom(await askUrl(questioner));
  const passwordFile =
    settings.passwordFile ?? (target.user === undefined ? "" : await askPasswordFile(questioner));
  const complete: MirrorSettings = { ...settings, source, targets: [target] };
  return formatConfxml(passwordFile === "" ? complete : { ...complete, passwordFile });
}

async function askUrl(questioner: Questioner): Promise<string> {
  const answer = await questioner.question("Mirror to (rsync://[user@]host[:port]/module[/dir]): ");
  return answer.trim();
}

async function askPasswordFile(questioner: Questioner): Promise<string> {
  return (await questioner.question("File that holds the password (empty: none): ")).trim();
}
