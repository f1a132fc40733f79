import type { Socket } from "node:net";
import type { SocketPlugin } from "../config/schema.ts";
import { closeGently, connectTo, type Peer, unreachable, writeAll } from "./connection.ts";
import { formatEvent } from "./json.ts";
import { type Plugin, type PluginEvent, PluginFailure, wholePath } from "./plugin.ts";

/** How long a peer may take to close its side after ours. */
const farewellMs = 200;
const keepAliveMs = 30_000;

/** The socket plugin in the form that is asked for. */
export function openSocket(settings: SocketPlugin): Plugin {
  return settings.format === "json" ? new LineSocket(settings) : new PathSocket(settings);
}

/**
 * As sersync did it: one connection for each change, on it the bytes of the absolute path and
 * nothing else. The end of the connection is the end of the path, so none can be used twice.
 */
class PathSocket implements Plugin {
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const socket = await connectTo(this.#peer, signal);
    const abort = (): void => void socket.destroy();
    signal.addEventListener("abort", abort);
    try {
      let failure: Error | undefined;
      socket.on("error", (error) => {
        failure ??= error;
      });
      await writeAll(socket, Buffer.from(wholePath(event), "latin1"));
      await closeGently(socket, farewellMs);
      if (failure !== undefined) throw failure;
    } catch (error) {
      throw error instanceof PluginFailure ? error : unreachable(this.#peer, error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

/**
 * One connection, one line of JSON for each change. A line counts as sent when the system has taken
 * it; the next connection is made when the next change comes.
 */
class LineSocket implements Plugin {
  readonly #peer: Peer;
  #opening: Promise<Socket> | undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const socket = await this.#open(signal);
    const abort = (): void => void socket.destroy();
    signal.addEventListener("abort", abort);
    try {
      await writeAll(socket, `${formatEvent(event)}\n`);
    } catch (error) {
      throw unreachable(this.#peer, error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const socket = await this.#opening?.catch(() => undefined);
    if (socket) await closeGently(socket, farewellMs);
  }

  #open(signal: AbortSignal): Promise<Socket> {
    this.#opening ??= connectTo(this.#peer, signal).then(
      (socket) => this.#kept(socket),
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  #kept(socket: Socket): Socket {
    socket.setKeepAlive(true, keepAliveMs);
    socket.on("error", () => {}); // the write it breaks tells of it
    socket.once("close", () => {
      this.#opening = undefined;
    });
    // A peer that goes away is only heard of by reading.
    return socket.resume();
  }
}
