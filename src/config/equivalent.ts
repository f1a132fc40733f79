import type { BytePath } from "../../protocol/index.ts";
import { display } from "../display.ts";
import type { Config, Remote, Source } from "./schema.ts";
import { shellQuote } from "./words.ts";

/**
 * The rsync command that would push a whole source to a remote: for people to read or copy.
 *
 * It is what sersync ran; nothing here ever runs it.
 */
export function fullPushCommand(config: Config, source: Source, remote: Remote): string {
  const words = [
    ...(config.events.delete && !remote.isShared ? ["--delete"] : []),
    "./",
    ...connectionWords(config, remote),
    ...(config.crontab?.excludes ?? []).map((pattern) => `--exclude=${shown(pattern)}`),
  ];
  return command(config, source, words);
}

/** The rsync command that would push one path to a remote, properly quoted. */
export function pathPushCommand(
  config: Config,
  source: Source,
  remote: Remote,
  path: BytePath,
): string {
  return command(config, source, [shown(`./${path}`), ...connectionWords(config, remote)]);
}

function command(config: Config, source: Source, words: readonly string[]): string {
  const options = config.paramsText === "" ? "" : `${display(config.paramsText)} `;
  return `cd ${shown(source.watch)} && rsync ${options}-R ${words.join(" ")}`;
}

/** Everything about the other side, in sersync's order. */
function connectionWords(config: Config, remote: Remote): readonly string[] {
  const { auth, timeoutSeconds, ssh } = config;
  const port = remote.port === (ssh ? 22 : 873) ? config.port : remote.port;
  const user = remote.user ?? auth?.user;
  const host = remote.host.includes(":") ? `[${remote.host}]` : remote.host;
  const address = `${user === undefined ? "" : `${user}@`}${host}${ssh ? ":" : "::"}${remote.name}`;
  return [
    ...(ssh ? ["-e", "ssh"] : []),
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(timeoutSeconds === undefined ? [] : [`--timeout=${timeoutSeconds}`]),
    shown(address),
    ...(auth?.passwordFile === undefined || ssh
      ? []
      : [`--password-file=${shown(auth.passwordFile)}`]),
  ];
}

/** A byte string as a shell word; bytes that are no text are written the way bash reads them. */
function shown(bytes: string): string {
  const text = display(bytes);
  if (text === Buffer.from(bytes, "latin1").toString("utf8")) return shellQuote(text);
  const escaped = Array.from(Buffer.from(bytes, "latin1"), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, "0")}`,
  );
  return `$'${escaped.join("")}'`;
}
