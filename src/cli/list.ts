import { displayText, listDirectory, listModules, type Target } from "../../protocol/index.ts";
import { credentialsOf } from "./credentials.ts";
import type { ListCommand } from "./list-command.ts";
import { describeFile, formatFile } from "./listing.ts";
import type { Outputs } from "./outputs.ts";
import { placeOf } from "./place.ts";

/** Names are padded to so many columns, as rsync pads them. */
const nameColumns = 15;

/**
 * Carries out `sersync list`: a daemon's modules, or the files at a place of one.
 *
 * @returns 0, or 23 when something could not be listed.
 * @throws {RsyncError} why the daemon cannot be asked.
 */
export async function runList(
  command: ListCommand,
  { out, err }: Outputs,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const { user, isPath, ...address } = placeOf(command.url, command, environment);
  const { port, motd, json, timeoutMs } = command;
  const place = {
    ...(port !== undefined && !address.ssh && { port }),
    ...address,
    ...command.reached,
  };
  const show = motd && !json;
  if (place.module === "" && !isPath) {
    const { modules, text } = await listModules(place, { timeoutMs });
    if (json) out(`${JSON.stringify({ motd: text, modules }, null, 2)}\n`);
    if (show) for (const line of text) out(`${displayText(line)}\n`);
    if (json) return 0;
    for (const { name, comment } of modules) {
      out(`${displayText(name).padEnd(nameColumns)}\t${displayText(comment)}\n`);
    }
    return 0;
  }
  const target: Target = {
    ...place,
    namesFile: !command.url.endsWith("/") && place.directory !== "",
    credentials: credentialsOf({ user, isPath }, command.passwordFile, environment),
    protocol: command.protocol,
  };
  return listFilesOf(target, command, { out, err });
}

async function listFilesOf(
  target: Target,
  { recursive, json, motd, timeoutMs, parts }: ListCommand,
  { out, err }: Outputs,
): Promise<number> {
  const said: string[] = [];
  const { entries, errors, ioError } = await listDirectory(target, {
    ...parts,
    recursive,
    wildcards: true,
    timeoutMs,
    onMotd: (line) => {
      said.push(line);
      if (motd && !json) out(`${displayText(line)}\n`);
    },
  });
  if (json) {
    out(`${JSON.stringify({ motd: said, files: entries.map(describeFile), errors }, null, 2)}\n`);
  } else {
    for (const entry of entries) out(`${formatFile(entry)}\n`);
  }
  for (const line of errors) err(`${displayText(line)}\n`);
  if (errors.length === 0 && ioError === 0) return 0;
  err("sersync: not everything could be listed (code 23)\n");
  return 23;
}
