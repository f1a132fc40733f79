import { type Credentials, RsyncError } from "../../protocol/index.ts";
import { readPassword, readPasswordFrom } from "../config/password.ts";
import type { Place } from "./place.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Who we are, as rsync finds it out: undefined without any password. Its file, or
 * with "-" the standard input, is read when the daemon asks for it, and told of then, when it cannot
 * be used.
 *
 * @throws {RsyncError} BAD_OPTION for a password file where no daemon could ask.
 */
export function credentialsOf(
  { user, isPath }: Pick<Place, "user" | "isPath">,
  passwordFile: string | undefined,
  { RSYNC_PASSWORD, USER, LOGNAME }: Environment,
): Credentials | undefined {
  const name = user ?? USER ?? LOGNAME ?? "nobody";
  if (passwordFile === undefined) {
    return RSYNC_PASSWORD === undefined ? undefined : { user: name, password: RSYNC_PASSWORD };
  }
  if (isPath) throw new RsyncError("BAD_OPTION", "--password-file is for daemons only");
  return {
    user: name,
    get password() {
      return passwordIn(passwordFile);
    },
  };
}

function passwordIn(file: string): Uint8Array {
  try {
    const password = file === "-" ? readPasswordFrom(0) : readPassword(file);
    return Buffer.from(password, "latin1");
  } catch (cause) {
    throw new RsyncError("BAD_OPTION", `--password-file: ${(cause as Error).message}`, { cause });
  }
}
