import fs from "node:fs";
import path from "node:path";
import { canBeNamed, type DaemonModule, RsyncError } from "../../protocol/index.ts";
import { inspect } from "../config/inspect.ts";
import { readPassword } from "../config/password.ts";
import type { ServedModule } from "./module.ts";
import { SecretsFile } from "./secrets.ts";

/** Where passwords come from when modules are named on the command line. */
export interface QuickSecrets {
  /** Holds one password, for every user. */
  readonly passwordFile: string | undefined;
  /** As `secrets file` in rsyncd.conf(5). */
  readonly secretsFile: string | undefined;
  /** `RSYNC_PASSWORD`: likewise for every user. */
  readonly password: string | undefined;
}

interface Draft {
  readOnly: boolean;
  writeOnly: boolean;
  list: boolean;
  comment: string;
  readonly users: string[];
}

/** What may stand behind the path of `--module`. */
const settings: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  rw: (draft) => {
    draft.readOnly = false;
  },
  ro: (draft) => {
    draft.readOnly = true;
  },
  wo: (draft) => {
    draft.readOnly = false;
    draft.writeOnly = true;
  },
  hidden: (draft) => {
    draft.list = false;
  },
  "auth=": ({ users }, value) => {
    users.push(value);
  },
  "comment=": (draft, value) => {
    draft.comment = value;
  },
};

const logFormat = "%o %h [%a] %m (%u) %f %l";

/**
 * Reads `name=path[,rw][,wo][,hidden][,auth=user]…[,comment=text]`.
 *
 * @throws {RsyncError} BAD_OPTION for anything else, for a path that is no directory, and for a
 *   user without a password.
 */
export function quickModule(word: string, secrets: QuickSecrets): ServedModule {
  const [, written = "", rest] = /^([^=/\]]+)=(.+)$/s.exec(word) ?? [];
  if (rest === undefined) throw bad(word, "name=path is needed");
  const name = written.trim();
  if (!canBeNamed(name)) throw bad(word, `no client can name ${JSON.stringify(name)}`);
  const [directory = "", ...parts] = rest.split(",");
  const draft: Draft = { readOnly: true, writeOnly: false, list: true, comment: "", users: [] };
  for (const part of parts) apply(draft, part, word);
  const { users, ...rights } = draft;
  const root = path.resolve(directory);
  const stats = inspect(() => fs.statSync(root));
  if (typeof stats === "string") throw bad(word, `${root}: ${stats}`);
  if (!stats.isDirectory()) throw bad(word, `${root} is no directory`);
  const found = users.length === 0 ? undefined : secretsFor(word, secrets);
  const module: DaemonModule = {
    name,
    path: root,
    ...rights,
    ...(found && { users: users.map((user) => ({ user })), secret: found.secret }),
    logsTransfers: true,
  };
  const place = { file: "--module", line: 1 };
  const common = { logFile: undefined, logFormat, uid: undefined, gid: undefined };
  return { module, place, secrets: found?.file, ...common };
}

function apply(draft: Draft, part: string, word: string): void {
  const equals = part.indexOf("=");
  const key = equals < 0 ? part : part.slice(0, equals + 1);
  const value = part.slice(equals + 1);
  const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
  if (setting === undefined || value === "") {
    const known = Object.keys(settings).join(", ");
    throw bad(word, `behind a comma may stand ${known}: found ${JSON.stringify(part)}`);
  }
  setting(draft, value);
}

interface Found {
  readonly secret: NonNullable<DaemonModule["secret"]>;
  readonly file: SecretsFile | undefined;
}

function secretsFor(word: string, given: QuickSecrets): Found {
  const { passwordFile, secretsFile, password } = given;
  if (secretsFile !== undefined) {
    const file = new SecretsFile(secretsFile, true);
    const problem = file.remember();
    if (problem !== undefined) throw bad(word, `the secrets file ${secretsFile}: ${problem}`);
    return { secret: (name) => file.find(name), file };
  }
  if (passwordFile !== undefined) {
    const bytes = passwordFrom(passwordFile);
    return { secret: () => Buffer.from(bytes, "latin1"), file: undefined };
  }
  if (password) return { secret: () => password, file: undefined };
  throw bad(
    word,
    "auth= needs a password: --password-file, --secrets-file or the variable RSYNC_PASSWORD",
  );
}

function passwordFrom(file: string): string {
  try {
    return readPassword(Buffer.from(path.resolve(file), "utf8").toString("latin1"));
  } catch (cause) {
    throw new RsyncError("BAD_OPTION", (cause as Error).message, { cause });
  }
}

function bad(word: string, found: string): RsyncError {
  return new RsyncError("BAD_OPTION", `Cannot serve --module ${JSON.stringify(word)}: ${found}`);
}
