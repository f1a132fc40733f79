import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { RsyncError } from "../errors.ts";
import { Brake } from "./brake.ts";
import { ListBudget } from "./list-budget.ts";
import type {
  Daemon,
  DaemonClient,
  DaemonEvent,
  DaemonModule,
  DaemonOptions,
  ListenAddress,
  ListenOptions,
  ProcessIds,
} from "./module.ts";
import { type House, Visit } from "./visit.ts";

const daemonPort = 873;
const tlsPort = 874;
const graceMsByDefault = 1_000;
const defaultConnections = 500;

/**
 * An rsync daemon in this process, for any rsync client; see {@link Daemon}.
 *
 * @throws {RangeError} for a module whose name no client could say.
 */
export function createDaemon(options: DaemonOptions): Daemon {
  return new DaemonServer(options);
}

class DaemonServer implements Daemon {
  readonly #options: DaemonOptions;
  readonly #brake = new Brake();
  readonly #lists: ListBudget;
  readonly #visits = new Map<Visit, net.Socket>();
  #modules: readonly DaemonModule[];
  #server: net.Server | undefined;
  #address: ListenAddress | undefined;
  #clients = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#lists = new ListBudget(options.mostListBytes);
    this.#modules = checkedModules(options.modules);
  }

  get address(): ListenAddress | undefined {
    return this.#address;
  }

  async listen(options: number | ListenOptions = {}): Promise<ListenAddress> {
    if (this.#server !== undefined) throw new TypeError("the daemon listens already");
    const { tls: secure } = this.#options;
    const { port = secure === undefined ? daemonPort : tlsPort, address = "127.0.0.1" } =
      typeof options === "number" ? { port: options } : options;
    const server = this.#makeServer();
    // Clients are counted when TLS is through; those before that must have an end, too.
    server.maxConnections = 2 * (this.#options.maxConnections ?? defaultConnections);
    this.#server = server;
    try {
      server.listen(port, address);
      await once(server, "listening");
    } catch (cause) {
      this.#server = undefined;
      const found = (cause as Error).message;
      throw new RsyncError("CONNECTION_LOST", `Cannot listen on ${address}:${port}: ${found}`, {
        cause,
      });
    }
    server.on("error", (cause) => this.#log({ kind: "trouble", reason: cause.message, cause }));
    this.#address = { address, port: (server.address() as net.AddressInfo).port };
    return this.#address;
  }

  replace(modules: readonly DaemonModule[]): void {
    this.#modules = checkedModules(modules);
  }

  dropTo({ uid, gids = [] }: ProcessIds): void {
    const [gid] = gids;
    // The groups of root are rights, too.
    if (uid !== undefined || gid !== undefined) process.setgroups?.([...gids]);
    if (gid !== undefined) process.setgid?.(gid);
    if (uid !== undefined) process.setuid?.(uid);
  }

  async close({ graceMs = graceMsByDefault }: { readonly graceMs?: number } = {}): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#address = undefined;
    const closed = once(server, "close");
    server.close();
    const late = setTimeout(() => {
      for (const visit of this.#visits.keys()) visit.abort("the daemon closes");
    }, graceMs);
    await closed;
    clearTimeout(late);
  }

  #makeServer(): net.Server {
    const { tls: secure } = this.#options;
    const options = { noDelay: true, keepAlive: true };
    if (secure === undefined) return net.createServer(options, (socket) => this.#welcome(socket));
    const { cert, key, clientAuthorities } = secure;
    return tls
      .createServer(
        {
          ...options,
          cert: asPem(cert),
          key: asPem(key),
          handshakeTimeout: this.#handshakeTimeoutMs,
          ...(clientAuthorities !== undefined && {
            ca: asPem(clientAuthorities),
            requestCert: true,
            rejectUnauthorized: true,
          }),
        },
        (socket) => this.#welcome(socket),
      )
      .on("tlsClientError", (_, socket) => socket.destroy());
  }

  get #handshakeTimeoutMs(): number {
    return this.#options.handshakeTimeoutMs ?? 60_000;
  }

  #welcome(socket: net.Socket): void {
    socket.on("error", () => {}); // told by whoever reads from it
    const { maxConnections = defaultConnections } = this.#options;
    const client = this.#clientOf(socket);
    if (this.#visits.size >= maxConnections && !this.#makeRoom()) {
      socket.end(`@ERROR: max connections (${maxConnections}) reached -- try again later\n`);
      socket.destroySoon();
      this.#log({ kind: "refused", client, module: undefined, reason: "too many connections" });
      return;
    }
    const visit: Visit = new Visit(
      socket,
      client,
      this.#house((module) => this.#takePlace(visit, module)),
    );
    this.#visits.set(visit, socket);
    void visit.run().finally(() => this.#visits.delete(visit));
  }

  /** Whoever has not got any further for a while goes, so that silence keeps nobody out. */
  #makeRoom(): boolean {
    for (const visit of this.#visits.keys()) {
      if (!visit.isDawdling) continue;
      visit.abort("it got no further, and others wait");
      this.#visits.delete(visit);
      return true;
    }
    return false;
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

  #takePlace(visit: Visit, module: DaemonModule): boolean {
    const { maxConnections = 0 } = module;
    const others = [...this.#visits.keys()].flatMap((each) => each.module ?? []);
    const taken = others.filter((each) => countsWith(each, module)).length;
    // A negative number shuts the module, as in rsync.
    if (maxConnections !== 0 && taken >= maxConnections) return false;
    visit.module = module;
    return true;
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

/** Only sessions in modules with a limit take places that modules share. */
function countsWith(one: DaemonModule, other: DaemonModule): boolean {
  if (one.name === other.name) return true;
  const isShared =
    one.connectionsWith !== undefined && one.connectionsWith === other.connectionsWith;
  return isShared && Boolean(one.maxConnections);
}

function asPem(text: string | Uint8Array): string | Buffer {
  return typeof text === "string" ? text : Buffer.from(text);
}

function checkedModules(modules: readonly DaemonModule[]): readonly DaemonModule[] {
  for (const { name } of modules) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    if (name === "" || name.startsWith("#") || /[/\x00-\x1f\x7f]/.test(name)) {
      throw new RangeError(
        `cannot serve a module called ${JSON.stringify(name)}: no client can name it`,
      );
    }
  }
  return modules;
}
