import type { Interface } from "node:readline/promises";
import { formatConfxml, type MirrorSettings } from "../config/template.ts";
import { targetFrom } from "./settings.ts";

/** What asks questions; node:readline/promises has it. */
export type Questioner = Pick<Interface, "question">;

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
