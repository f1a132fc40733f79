import path from "node:path";
import {
  admitsHost,
  canBeNamed,
  conversionOf,
  type DaemonClient,
  type DaemonModule,
  type HostNames,
  type LoginDigest,
  parseAuthUsers,
  parseChmod,
  parseHostPatterns,
} from "../../protocol/index.ts";
import type { Accounts } from "./accounts.ts";
import type { ConfSection } from "./conf.ts";
import { clientVariable } from "./expansion.ts";
import type { ConfFiles } from "./files.ts";
import type { Findings, Place } from "./problem.ts";
import { quoted } from "./problem.ts";
import { remarkOnModule } from "./remarks.ts";
import { moduleRules } from "./rules.ts";
import { SecretsFile } from "./secrets.ts";
import { textOf, Values } from "./values.ts";

/** A module with what the program around the daemon needs to know of it. */
export interface ServedModule {
  readonly module: DaemonModule;
  readonly place: Place;
  readonly secrets: SecretsFile | undefined;
  /** `log file`: where its lines go; undefined: where all go. */
  readonly logFile: string | undefined;
  readonly logFormat: string;
  /** As they were given. */
  readonly uid: string | undefined;
  readonly gid: string | undefined;
}

/** What modules are made with. */
export interface ModuleContext {
  readonly findings: Findings;
  readonly files: ConfFiles;
  readonly accounts: Accounts;
  readonly names: Required<HostNames>;
  readonly asRoot: boolean;
  /** By their names; what a file held stays known over another reading. */
  readonly secretsFiles: Map<string, SecretsFile>;
}

const defaultLogFormat = "%o %h [%a] %m (%u) %f %l";

/** Makes of a section of an rsyncd.conf what the daemon serves; undefined after a mistake. */
export function moduleFrom(
  { name: bytes, place, settings }: ConfSection,
  context: ModuleContext,
): ServedModule | undefined {
  const values = new Values(settings, context.findings, place);
  const name = readName(bytes, values);
  const directory = readPath(values);
  remarkOnModule(values);
  checkVariables(values);
  const secrets = readSecrets(values, context);
  const access = accessOf(values, context, secrets);
  const transfer = transferOf(values, context, directory);
  const program = {
    secrets,
    logFile: values.file("log file"),
    logFormat: values.text("log format") ?? defaultLogFormat,
    uid: values.text("uid"),
    gid: values.text("gid"),
  };
  if (name === undefined || directory === undefined) return undefined;
  const module = { name, path: path.normalize(directory), ...access, ...transfer };
  return { module, place, ...program };
}

function readName(bytes: string, values: Values): string | undefined {
  const name = textOf(bytes);
  if (name !== undefined && canBeNamed(name)) return name;
  values.mistake("module", `its name cannot be told to clients: found ${quoted(bytes)}`);
  return undefined;
}

function readPath(values: Values): string | undefined {
  const directory = values.file("path");
  if (directory === undefined) {
    if (values.text("path") === undefined) values.mistake("path", "a module needs one");
    return undefined;
  }
  if (path.isAbsolute(directory)) return directory;
  values.mistake("path", `it must begin with "/": found ${quoted(directory)}`);
  return undefined;
}

/** What is known only once a client is there would have to be looked at for each. */
function checkVariables(values: Values): void {
  for (const title of ["path", "uid", "gid", "secrets file", "log file", "exclude", "filter"]) {
    const variable = clientVariable(values.text(title) ?? "");
    if (variable === undefined) continue;
    values.mistake(title, `%${variable}% is known only when a client is there: not supported`);
  }
}

function readSecrets(values: Values, { secretsFiles }: ModuleContext): SecretsFile | undefined {
  const file = values.file("secrets file");
  const users = values.text("auth users");
  const strict = values.flag("strict modes") ?? true;
  if (users === undefined) return undefined;
  if (file === undefined) {
    values.warn("auth users", "nobody can log in: the module has no secrets file");
    return undefined;
  }
  const key = `${strict} ${file}`;
  const secrets = secretsFiles.get(key) ?? new SecretsFile(file, strict);
  secretsFiles.set(key, secrets);
  const problem = secrets.remember();
  if (problem !== undefined) values.warn("secrets file", `nobody can log in: ${problem}`);
  return secrets;
}

type Access = Pick<
  DaemonModule,
  | "users"
  | "secret"
  | "weakestDigest"
  | "admits"
  | "readOnly"
  | "writeOnly"
  | "list"
  | "maxConnections"
  | "connectionsWith"
>;

function accessOf(
  values: Values,
  { accounts, names }: ModuleContext,
  secrets: SecretsFile | undefined,
): Access {
  const isMember = (user: string, group: string): boolean => accounts.isMember(user, group);
  return {
    users: values.read("auth users", (text) => parseAuthUsers(text, isMember)),
    secret: secrets && ((name) => secrets.find(name)),
    weakestDigest: readDigest(values),
    admits: readHosts(values, names),
    readOnly: values.flag("read only") ?? true,
    writeOnly: values.flag("write only") ?? false,
    list: values.flag("list") ?? true,
    maxConnections: values.number("max connections") ?? 0,
    // rsync counts in this file, which need not be there for us: one process counts.
    connectionsWith: values.text("lock file") ?? "/var/run/rsyncd.lock",
  };
}

const digests = ["sha512", "sha256", "sha1", "md5", "md4"] as const;

function readDigest(values: Values): LoginDigest | undefined {
  const text = values.text("auth digest");
  const digest = digests.find((each) => each === text?.toLowerCase());
  if (text !== undefined && digest === undefined) {
    values.mistake("auth digest", `one of ${digests.join(", ")} is needed: found ${quoted(text)}`);
  }
  return digest;
}

function readHosts(values: Values, names: Required<HostNames>): DaemonModule["admits"] {
  const allow = values.read("hosts allow", parseHostPatterns);
  const deny = values.read("hosts deny", parseHostPatterns);
  const reverse = values.flag("reverse lookup") ?? true;
  const forward = values.flag("forward lookup") ?? true;
  if (allow === undefined && deny === undefined) return undefined;
  const asked = {
    reverse: reverse ? names.reverse : undefined,
    forward: forward ? names.forward : undefined,
  };
  return ({ address }: DaemonClient) => admitsHost({ allow, deny }, address, asked);
}

type Transfer = Omit<DaemonModule, "name" | "path" | keyof Access>;

function transferOf(
  values: Values,
  { files, asRoot }: ModuleContext,
  directory: string | undefined,
): Transfer {
  // Where rsync would serve from within a chroot it sees no names, and links lead nowhere.
  const isInChroot = asRoot && values.flag("use chroot") !== false;
  const isSplit = directory?.includes("/./") ?? false;
  return {
    comment: textOf(values.text("comment") ?? "") ?? quoted(values.text("comment") ?? ""),
    timeoutSeconds: readTimeout(values),
    filter: moduleRules(values, files),
    refuseOptions: values.text("refuse options")?.split(/\s+/) ?? [],
    incomingChmod: values.read("incoming chmod", checkedChmod),
    outgoingChmod: values.read("outgoing chmod", checkedChmod),
    charset: values.read("charset", checkedCharset),
    mungeSymlinks: values.flag("munge symlinks") ?? (!isInChroot || isSplit),
    numericIds: values.flag("numeric ids") ?? isInChroot,
    ignoreErrors: values.flag("ignore errors") ?? false,
    logsTransfers: values.flag("transfer logging") ?? false,
  };
}

function readTimeout(values: Values): number {
  const seconds = values.number("timeout") ?? 0;
  if (seconds >= 0) return seconds;
  values.mistake("timeout", `0 or a number of seconds is needed: found ${seconds}`);
  return 0;
}

function checkedCharset(text: string): string {
  conversionOf(text);
  return text;
}

function checkedChmod(text: string): string {
  parseChmod(text, 0);
  return text;
}
