import fs from "node:fs";
import { RsyncError } from "../errors.ts";
import { digests } from "../handshake/auth.ts";
import {
  formatGreeting,
  type Greeting,
  negotiateProtocol,
  parseGreeting,
  protocolRange,
} from "../handshake/greeting.ts";
import { readLine } from "../handshake/line.ts";
import { pathFromText } from "../path.ts";
import { skipBytes } from "./argument-reader.ts";
import type { Brake } from "./brake.ts";
import type { ClientLine } from "./client-line.ts";
import {
  checkLogin,
  isTooWeak,
  type LoggedIn,
  LoginFailure,
  loginDigest,
  makeChallenge,
} from "./login.ts";
import type { DaemonClient, DaemonEvent, DaemonModule, DaemonOptions } from "./module.ts";
import { Refusal } from "./refusal.ts";

/** What a client finds at the door. */
export interface Door extends Pick<DaemonOptions, "motd"> {
  readonly modules: readonly DaemonModule[];
  readonly brake: Brake;
  readonly handshakeTimeoutMs: number;
  /** @returns false when there is no more room; else the place is the client's until it leaves. */
  takePlace(module: DaemonModule): boolean;
  readonly log: (event: DaemonEvent) => void;
}

/** A client that may ask for something in a module. */
export interface Entered {
  readonly module: DaemonModule;
  readonly protocol: number;
  readonly user: string | undefined;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

const longestEarlyInput = 5120;

/**
 * From the greeting to "OK": the daemon's side of {@link enterModule} (spec 1 §1).
 *
 * @returns undefined when the client only wanted to know which modules there are.
 * @throws {Refusal} who does not come in.
 */
export async function receiveClient(
  line: ClientLine,
  client: DaemonClient,
  door: Door,
): Promise<Entered | undefined> {
  line.limit(door.handshakeTimeoutMs, "name a module");
  line.write(formatGreeting(protocolRange.newest, digests.join(" ")));
  await sayMotd(line, door);
  const greeting = await readGreeting(line);
  const protocol = protocolOf(greeting);
  const wanted = await readModuleName(line);
  if (wanted === "" || wanted === "#list") {
    sayModules(line, door.modules);
    door.log({ kind: "listed", client });
    return undefined;
  }
  if (wanted.startsWith("#")) throw new Refusal(`Unknown command '${wanted}'`);
  const module = door.modules.findLast(({ name }) => pathFromText(name) === wanted);
  if (module === undefined) throw new Refusal(`Unknown module '${wanted}'`);
  line.limit(door.handshakeTimeoutMs, "log in");
  await admit(module, client, wanted);
  if (!door.takePlace(module)) {
    const most = module.maxConnections;
    throw new Refusal(`max connections (${most}) reached -- try again later`);
  }
  const loggedIn =
    module.users && (await logIn(line, client, { door, module, greeting, protocol }));
  expectDirectory(module);
  line.write("@RSYNCD: OK\n");
  return enteredAs(module, protocol, loggedIn);
}

/** Nobody is let into what is not there: a mount that is missing is no empty module. */
function expectDirectory({ name, path }: DaemonModule): void {
  try {
    if (fs.statSync(path).isDirectory()) return;
  } catch {
    // What it is instead does not matter to the client.
  }
  throw new Refusal("chdir failed", `module ${name}: ${path} is no directory`);
}

function enteredAs(
  module: DaemonModule,
  protocol: number,
  loggedIn: LoggedIn | undefined,
): Entered {
  const { readOnly = true, writeOnly = false } = module;
  const access = loggedIn?.access;
  return {
    module,
    protocol,
    user: loggedIn?.user,
    mayRead: !writeOnly,
    mayWrite: access === undefined ? !readOnly : access === "write",
  };
}

async function sayMotd(line: ClientLine, { motd }: Door): Promise<void> {
  const text = typeof motd === "function" ? await motd() : motd;
  if (text === undefined || text === "") return;
  line.write(Buffer.from(`${text.replace(/\n?$/, "\n")}\n`, "utf8"));
}

async function readGreeting(line: ClientLine): Promise<Greeting> {
  const text = await line.read(readLine);
  let greeting: Greeting;
  try {
    greeting = parseGreeting(text);
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    throw new Refusal("protocol startup error", `it greets with ${JSON.stringify(text)}`);
  }
  if (greeting.protocol >= 30 && !/^@RSYNCD: \d+\./.test(text)) {
    throw new Refusal(`your client omitted the subprotocol value: ${text}`);
  }
  if (greeting.protocol >= 32 && greeting.digests === undefined) {
    throw new Refusal(`your client omitted the digest name list: ${text}`);
  }
  return greeting;
}

function protocolOf(greeting: Greeting): number {
  try {
    return negotiateProtocol(protocolRange.newest, greeting);
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    const { oldest, newest } = protocolRange;
    throw new Refusal(
      `protocol version mismatch: this daemon speaks ${oldest} to ${newest}, your client ${greeting.protocol}`,
    );
  }
}

/** What early input would be for is not done here: it is read, and forgotten. */
async function readModuleName(line: ClientLine): Promise<string> {
  const text = await line.read(readLine);
  const [, digits] = /^#early_input=(.*)$/.exec(text) ?? [];
  if (digits === undefined) return text;
  const length = Number(digits);
  if (!/^\d{1,6}$/.test(digits) || length < 1 || length > longestEarlyInput) {
    throw new Refusal("invalid early_input length");
  }
  await skipBytes(line, length);
  return line.read(readLine);
}

function sayModules(line: ClientLine, modules: readonly DaemonModule[]): void {
  const named = new Map(modules.map((module) => [module.name, module]));
  for (const { name, comment = "", list = true } of named.values()) {
    if (list) line.write(Buffer.from(`${name.padEnd(15)}\t${comment}\n`, "utf8"));
  }
  line.write("@RSYNCD: EXIT\n");
}

async function admit(module: DaemonModule, client: DaemonClient, name: string): Promise<void> {
  if ((await module.admits?.(client)) !== false) return;
  const { address } = client;
  const reason = `module ${module.name} does not admit ${address}`;
  if (module.list === false) throw new Refusal(`Unknown module '${name}'`, reason);
  throw new Refusal(`access denied to ${name} from ${address} (${address})`, reason);
}

interface LoginNeeds {
  readonly door: Door;
  readonly module: DaemonModule;
  readonly greeting: Greeting;
  readonly protocol: number;
}

async function logIn(
  line: ClientLine,
  client: DaemonClient,
  { door, module, greeting, protocol }: LoginNeeds,
): Promise<LoggedIn> {
  const digest = loginDigest(greeting.digests, protocol);
  const said = `auth failed on module ${pathFromText(module.name)}`;
  if (isTooWeak(digest, module.weakestDigest)) {
    throw new Refusal(said, `the client's ${digest} is weaker than ${module.weakestDigest}`);
  }
  const challenge = makeChallenge(digest);
  line.write(`@RSYNCD: AUTHREQD ${challenge}\n`);
  const answer = await line.read(readLine);
  const { address } = client;
  if (!door.brake.admits(address)) {
    throw new Refusal(said, `too many logins from ${address} wait already`);
  }
  try {
    return await checkLogin(module, answer, challenge, digest);
  } catch (error) {
    const user = error instanceof LoginFailure ? error.user : "";
    const reason = error instanceof Error ? error.message : String(error);
    door.log({ kind: "login failed", client, module: module.name, user, reason });
    await door.brake.failed(address);
    throw new Refusal(said, reason, { isLogged: true });
  }
}
