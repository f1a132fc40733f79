import { asBytePath, displayPath, type Target as TargetAddress } from "../../protocol/index.ts";
import { readPassword } from "../config/password.ts";
import type { AuthConfig, Remote } from "../config/schema.ts";

/** Where a remote is and who we are there; the password file is read now. */
export function addressOf(
  { host, port, module, subPath, user }: Remote,
  auth: AuthConfig | undefined,
): TargetAddress {
  const address = { host, port, module, directory: subPath };
  const name = user ?? auth?.user;
  if (name === undefined) return address;
  const fromFile = auth?.passwordFile && readPassword(auth.passwordFile);
  const password = fromFile ?? process.env["RSYNC_PASSWORD"] ?? "";
  return {
    ...address,
    credentials: {
      user: Buffer.from(name, "latin1"),
      password: Buffer.from(password, fromFile === undefined ? "utf8" : "latin1"),
    },
  };
}

/** A remote's name for people, and to tell it from the others of its source. */
export function nameOf({ host, port, name }: Remote): string {
  return `${host}:${port}::${displayPath(asBytePath(name))}`;
}
