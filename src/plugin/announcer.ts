import type { Logger } from "pino";
import { Announcer } from "../push/announcer.ts";
import type { Delivery, JobFailure, PathFailure } from "../push/message.ts";
import type { PluginHost, PluginSource } from "./host.ts";

export interface PluginAnnouncerOptions extends PluginSource {
  readonly log: Logger;
  readonly patience: number;
  /** Told when the target cannot be used, and why. */
  readonly onDown: (code: JobFailure["code"]) => void;
  /** The plugin, once there is one. */
  readonly plugin: () => PluginHost | undefined;
}

/** Says in the log what happens at one target, and tells the plugin of it. */
export class PluginAnnouncer extends Announcer {
  readonly #source: PluginSource;
  readonly #plugin: PluginAnnouncerOptions["plugin"];

  constructor({ log, patience, onDown, plugin, root, target }: PluginAnnouncerOptions) {
    super(log, patience, onDown);
    this.#source = { root, target };
    this.#plugin = plugin;
  }

  override delivered(delivery: Delivery, sinceMs: number): void {
    super.delivered(delivery, sinceMs);
    this.#plugin()?.delivered(this.#source, delivery);
  }

  override failed(failure: PathFailure, retryMs: number, attempts: number): void {
    super.failed(failure, retryMs, attempts);
    if (attempts === 1) this.#plugin()?.failed(this.#source, failure);
  }
}
