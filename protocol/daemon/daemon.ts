import type net from "node:net";
import { RsyncError } from "../errors.ts";
import { conversionOf } from "../flist/charset.ts";
import { Brake } from "./brake.ts";
import { type GuestLimits, Guests } from "./guests.ts";
import { ListBudget } from "./list-budget.ts";
import { Listener } from "./listener.ts";
import type {
  Daemon,
  DaemonClient,
  DaemonEvent,
  DaemonModule,
  DaemonOptions,
  DaemonTls,
  ListenAddress,
  ListenOptions,
  ProcessIds,
} from "./module.ts";
import { type House, Visit } from "./visit.ts";

const daemonPort = 873;
const tlsPort = 874;
const graceMsByDefault = 1_000;
const idleCheckMs = 250;
const defaultConnections = 500;
/** Timers take no more, and fire at once instead. */
const longestTimerMs = 2 ** 31 - 1;
/** Of a process that has become somebody, and of whom nobody has said in which group. */
const nobodysGroup = 65_534;

/**
 * An rsync daemon in this process, for any rsync client; see {@link Daemon}.
 *
 * @throws {RangeError} for a module whose name no client could say. @throws {RsyncError} BAD_OPTION
 *   for a charset that is not known here.
 */
export function createDaemon(options: DaemonOptions): Daemon {
  return new DaemonServer(options);
}

class DaemonServer implements Daemon {
  readonly #options: DaemonOptions;
  readonly #brake = new Brake();
  readonly #lists: ListBudget;
  readonly #limits: GuestLimits;
  readonly #guests: Guests;
  #modules: readonly DaemonModule[];
  #listener: Listener | undefined;
  #address: ListenAddress | undefined;
  #clients = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#lists = new ListBudget(options.mostListBytes);
    this.#modules = checkedModules(options.modules);
    const { maxConnections: most = defaultConnections } = options;
    const { maxPerAddress: mostPerAddress = Math.ceil(most / 2) } = options;
    this.#limits = { most, mostPerAddress };
    this.#guests = new Guests(this.#limits);
  }

  get address(): ListenAddress | undefined {
    return this.#address;
  }

  async listen(options: number | ListenOptions = {}): Promise<ListenAddress> {
    if (this.#listener !== undefined) throw new TypeError("the daemon listens already");
    const { tls: secure } = this.#options;
    const { port = secure === undefined ? daemonPort : tlsPort, address = "127.0.0.1" } =
      typeof options === "number" ? { port: options } : options;
    const listener = this.#makeListener();
    this.#listener = listener;
    try {
      const onError = (cause: Error): void =>
        this.#log({ kind: "trouble", reason: cause.message, cause });
      this.#address = { address, port: await listener.listen(port, address, onError) };
      return this.#address;
    } catch (cause) {
      this.#listener = undefined;
      const found = (cause as Error).message;
      throw new RsyncError("CONNECTION_LOST", `Cannot listen on ${address}:${port}: ${found}`, {
        cause,
      });
    }
  }

  renewTls(secure: DaemonTls): void {
    this.#listener?.renewTls(secure);
  }

  replace(modules: readonly DaemonModule[]): void {
    this.#modules = checkedModules(modules);
  }

  dropTo({ uid, gids = [] }: ProcessIds): void {
    // The groups of root are rights, too.
    const [gid = uid ? nobodysGroup : undefined] = gids;
    if (uid !== undefined || gid !== undefined) process.setgroups?.([...gids]);
    if (gid !== undefined) process.setgid?.(gid);
    if (uid !== undefined) process.setuid?.(uid);
  }

  async close({ graceMs = graceMsByDefault }: { readonly graceMs?: number } = {}): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    this.#address = undefined;
    const closed = listener.close();
    const abortIdle = (): void => this.#abort(({ isIdle }) => isIdle);
    abortIdle();
    const look = setInterval(abortIdle, idleCheckMs);
    const late = setTimeout(() => {
      this.#abort(() => true);
      listener.dropAll();
    }, graceMs);
    await closed;
    clearInterval(look);
    clearTimeout(late);
  }

  #abort(isMeant: (visit: Visit) => boolean): void {
    for (const visit of this.#guests.visits) if (isMeant(visit)) visit.abort("the daemon closes");
  }

  #makeListener(): Listener {
    const { tls } = this.#options;
    const handshakeTimeoutMs = this.#handshakeTimeoutMs;
    const options = { ...this.#limits, tls, handshakeTimeoutMs };
    return new Listener(options, (socket) => this.#welcome(socket));
  }

  get #handshakeTimeoutMs(): number {
    return Math.min(longestTimerMs, this.#options.handshakeTimeoutMs ?? 60_000);
  }

  #welcome(socket: net.Socket): void {
    socket.on("error", () => {}); // told by whoever reads from it
    const client = this.#clientOf(socket);
    const limit = this.#guests.limitFor(client.address);
    if (limit !== undefined) {
      socket.end(`@ERROR: max connections (${limit}) reached -- try again later\n`);
      socket.destroySoon();
      this.#log({ kind: "refused", client, module: undefined, reason: "too many connections" });
      return;
    }
    const visit: Visit = new Visit(
      socket,
      client,
      this.#house((module) => this.#guests.takePlace(visit, module)),
    );
    this.#guests.add(visit, client.address);
    void visit.run().finally(() => this.#guests.leave(visit));
  }

  #clientOf({ remoteAddress = "", remotePort = 0 }: net.Socket): DaemonClient {
    this.#clients += 1;
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "");
    return { id: this.#clients, address, port: remotePort };
  }

  #house(takePlace: House["takePlace"]): House {
    const { motd, timeoutSeconds } = this.#options;
    return {
      modules: this.#modules,
      motd,
      brake: this.#brake,
      handshakeTimeoutMs: this.#handshakeTimeoutMs,
      timeoutSeconds: timeoutSeconds || 3_600,
      lists: this.#lists,
      takePlace,
      log: (event) => this.#log(event),
    };
  }

  /** What a log does wrong is not the clients' fault. */
  #log(event: DaemonEvent): void {
    try {
      this.#options.log?.(event);
    } catch {
      // there is nobody left to tell
    }
  }
}

/** Whether clients can ask for a module of this name: `#` begins commands, and `/` a path in it. */
export function canBeNamed(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return name !== "" && !name.startsWith("#") && !/[/\x00-\x1f\x7f]/.test(name);
}

function checkedModules(modules: readonly DaemonModule[]): readonly DaemonModule[] {
  for (const { name, charset } of modules) {
    if (charset !== undefined) conversionOf(charset);
    if (!canBeNamed(name)) {
      throw new RangeError(
        `cannot serve a module called ${JSON.stringify(name)}: no client can name it`,
      );
    }
  }
  return modules;
}
