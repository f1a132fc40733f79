import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";
import { type Random, random } from "./random.ts";

/** What may befall a connection. */
export const faultKinds = ["cut", "stall", "flip", "slice", "delay", "refuse"] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultOptions {
  /** The port of the server behind, on 127.0.0.1. */
  readonly port: number;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** One connection in so many is afflicted, on average; default 3. */
  readonly oneIn?: number;
  /** A fault comes before this many bytes of its direction; default 50,000. */
  readonly withinBytes?: number;
}

/** A TCP proxy that harms some connections; `await using` closes it. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** How often each kind has come about. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** From now on nothing befalls any connection, and those that were stalled end. */
  readonly calm: () => void;
}

/** What is going to happen to one connection, in one of its directions. */
interface Fate {
  readonly kind: FaultKind;
  readonly isUpward: boolean;
  readonly atByte: number;
}

type Forward = (chunk: Buffer) => void;

const sliceBytes = 7;
const delayMs = 15;

/** Listens on a free port of 127.0.0.1. */
export async function startFaultProxy(options: FaultOptions): Promise<FaultProxy> {
  const chance = random(options.seed);
  const faults = { cut: 0, stall: 0, flip: 0, slice: 0, delay: 0, refuse: 0 };
  const sockets = new Set<Socket>();
  const stalled = new Set<() => void>();
  let isCalm = false;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const fate = isCalm ? undefined : drawFate(options, chance);
    keep(client, sockets);
    if (fate?.kind === "refuse") {
      faults.refuse += 1;
      client.resetAndDestroy();
      return;
    }
    const daemon = net.connect({ port: options.port, host: "127.0.0.1", allowHalfOpen: true });
    keep(daemon, sockets);
    const link = new Link(client, daemon, fate, {
      isOff: () => isCalm,
      onFault: (kind) => {
        faults[kind] += 1;
        if (kind === "stall") stalled.add(() => link.cut());
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    calm: () => {
      isCalm = true;
      for (const end of stalled) end();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

function drawFate(options: FaultOptions, chance: Random): Fate | undefined {
  const { kinds, oneIn = 3, withinBytes = 50_000 } = options;
  if (!chance.oneIn(oneIn)) return undefined;
  // Half of them early, in the handshake and the list, where most of the talking is.
  const within = chance.oneIn(2) ? Math.min(withinBytes, 600) : withinBytes;
  return { kind: chance.pick(kinds), isUpward: chance.oneIn(2), atByte: chance.below(within) };
}

interface LinkEvents {
  /** What has not come about by then will not. */
  readonly isOff: () => boolean;
  readonly onFault: (kind: FaultKind) => void;
}

/** Two sockets that are one connection, until its fate comes. */
class Link {
  readonly #client: Socket;
  readonly #daemon: Socket;
  readonly #fate: Fate | undefined;
  readonly #events: LinkEvents;

  constructor(client: Socket, daemon: Socket, fate: Fate | undefined, events: LinkEvents) {
    this.#client = client;
    this.#daemon = daemon;
    this.#fate = fate;
    this.#events = events;
    this.#pipe(client, daemon, true);
    this.#pipe(daemon, client, false);
  }

  cut(): void {
    this.#client.resetAndDestroy();
    this.#daemon.resetAndDestroy();
  }

  #pipe(from: Socket, to: Socket, isUpward: boolean): void {
    const forward: Forward = (chunk) => {
      if (to.destroyed) return;
      if (to.write(chunk)) return;
      from.pause();
      to.once("drain", () => from.resume());
    };
    const harmed = this.#fate?.isUpward === isUpward ? this.#harm(this.#fate, forward) : forward;
    from.on("data", harmed);
    from.once("end", () => to.end());
    from.on("error", () => to.destroy());
    from.once("close", () => to.destroySoon());
  }

  /** Forwards until the fateful byte, and then does what must be done. */
  #harm({ kind, atByte }: Fate, forward: Forward): Forward {
    let seen = 0;
    let come = false;
    return (chunk) => {
      const at = atByte - seen;
      seen += chunk.length;
      if (!come && (at >= chunk.length || this.#events.isOff())) {
        forward(chunk);
        return;
      }
      if (!come) this.#events.onFault(kind);
      const isFirst = !come;
      come = true;
      this.#strike(kind, isFirst ? Math.max(0, at) : 0, chunk, forward, isFirst);
    };
  }

  #strike(kind: FaultKind, at: number, chunk: Buffer, forward: Forward, isFirst: boolean): void {
    switch (kind) {
      case "cut":
        if (at > 0) forward(chunk.subarray(0, at));
        this.cut();
        break;
      case "stall":
        if (at > 0) forward(chunk.subarray(0, at));
        break;
      case "flip":
        if (isFirst) chunk[at] = (chunk[at] as number) ^ 0x10;
        forward(chunk);
        break;
      case "slice":
        for (let from = 0; from < chunk.length; from += sliceBytes) {
          forward(chunk.subarray(from, from + sliceBytes));
        }
        break;
      case "delay":
        setTimeout(forward, delayMs, chunk);
        break;
      case "refuse":
        break; // before it was connected
    }
  }
}
