import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { LineError, readLines, writeLine } from "./line.ts";
import { mostRequestBytes, parseRequest, type Reply, type Request } from "./message.ts";

/** Answers one request; `tell` sends what is to be said besides the answer it returns. */
export type Answerer = (
  request: Request,
  tell: (reply: Reply) => Promise<void>,
) => Promise<Reply> | Reply;

export interface ControlServerOptions {
  /** How long a peer may take to send its request, or to take an answer, in ms; default 10 000. */
  readonly patienceMs?: number;
}

/** Peers at the same time; more are turned away. */
const mostPeers = 16;
/** Who does not take the last answer within this time goes without. */
const partingMs = 500;

/** The side of the control socket that is asked. */
export class ControlServer {
  readonly #answer: Answerer;
  readonly #patienceMs: number;
  readonly #server: Server;
  readonly #peers = new Set<Socket>();
  readonly #answering = new Set<Socket>();

  constructor(answer: Answerer, { patienceMs = 10_000 }: ControlServerOptions = {}) {
    this.#answer = answer;
    this.#patienceMs = patienceMs;
    this.#server = createServer((socket) => void this.#serve(socket));
    this.#server.maxConnections = mostPeers;
  }

  /**
   * Listens at `path`, which only this user may connect to.
   *
   * @throws {Error} of the system, for instance EADDRINUSE.
   */
  async listen(path: string): Promise<void> {
    // Binding happens inside the call: at no moment is the socket open to others.
    const before = process.umask(0o177);
    this.#server.listen(path);
    process.umask(before);
    await once(this.#server, "listening");
    chmodSync(path, 0o600);
  }

  /** Hangs up on everybody, once the last answer is through or `partingMs` have passed. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const peer of this.#peers) if (!this.#answering.has(peer)) peer.destroySoon();
    const late = setTimeout(() => {
      for (const peer of this.#peers) peer.destroy();
    }, partingMs);
    await closed;
    clearTimeout(late);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#peers.add(socket);
    const patience = new Patience(socket, this.#patienceMs);
    socket.on("error", () => {}); // a peer may go as it likes
    socket.on("close", () => {
      this.#peers.delete(socket);
      patience.end();
    });
    try {
      for await (const line of readLines(socket, mostRequestBytes)) {
        // Nobody is slow while we are at work ourselves.
        patience.end();
        await this.#reply(socket, patience, parseRequest(line));
        patience.begin();
      }
      socket.end();
    } catch (error) {
      if (error instanceof LineError) {
        await writeLine(socket, { ok: false, code: "BAD_REQUEST", error: error.message });
      }
      socket.destroySoon();
    }
  }

  async #reply(socket: Socket, patience: Patience, request: Request): Promise<void> {
    const tell = async (reply: Reply): Promise<void> => {
      patience.begin();
      await writeLine(socket, reply);
      patience.end();
    };
    this.#answering.add(socket);
    try {
      await tell(await this.#answer(request, tell));
    } catch (error) {
      await tell({ ok: false, code: "FAILED", error: (error as Error).message });
    } finally {
      this.#answering.delete(socket);
      if (!this.#server.listening) socket.destroySoon();
    }
  }
}

/** Hangs up on a peer that takes too long over one thing, however busy it looks meanwhile. */
class Patience {
  readonly #socket: Socket;
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, ms: number) {
    this.#socket = socket;
    this.#ms = ms;
    this.begin();
  }

  begin(): void {
    this.end();
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
