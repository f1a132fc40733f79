import type { Logger } from "pino";
import { displayText } from "../../protocol/index.ts";
import type { Config } from "../config/schema.ts";
import type { Rules } from "../filter/rules.ts";
import type { Delivery } from "../push/delivery.ts";
import type { PathFailure } from "../push/message.ts";
import type { PluginReport } from "../target/mirror-status.ts";
import type { Change } from "../watch/change.ts";
import { kindAt } from "./look.ts";
import { openPlugin } from "./open.ts";
import type { PluginRunner } from "./runner.ts";
import { Teller } from "./teller.ts";

/** Which target of which watched directory speaks. */
export interface PluginSource {
  /** The watched directory, a byte string. */
  readonly root: string;
  readonly target: string;
}

/** Tells the plugin of a configuration what becomes of changes, or with `-m` of every change. */
export class PluginHost {
  readonly #runner: PluginRunner;
  /** The only directory it wants to hear of; "" is every one. */
  readonly #watch: string;
  readonly #isAlone: boolean;
  readonly #tellers: Teller[] = [];

  private constructor(runner: PluginRunner, watch: string, isAlone: boolean) {
    this.#runner = runner;
    this.#watch = watch;
    this.#isAlone = isAlone;
  }

  /**
   * @returns undefined when the configuration has no plugin.
   * @throws {RsyncError} OPTION_REFUSED when it cannot work.
   */
  static async open(config: Config, log: Logger): Promise<PluginHost | undefined> {
    const { plugin, pluginAlone, plugins } = config;
    const name = pluginAlone ?? plugin;
    if (name === undefined) return undefined;
    const settings = plugins[name];
    const watch = settings && "watch" in settings ? settings.watch : "";
    const runner = await openPlugin(name, plugins, log);
    return new PluginHost(runner, watch, pluginAlone !== undefined);
  }

  get status(): PluginReport {
    return this.#runner.status;
  }

  delivered(source: PluginSource, { path, kind }: Delivery): void {
    if (kind === "nothing" || !this.#listensTo(source.root)) return;
    this.#runner.offer({ ...source, path, kind, result: "delivered", reason: "" });
  }

  failed(source: PluginSource, { path, reason }: PathFailure): void {
    if (!this.#listensTo(source.root)) return;
    const kind = kindAt(source.root, path);
    const text = displayText(reason);
    this.#runner.offer({ ...source, path, kind, result: "failed", reason: text });
  }

  /** Takes the changes of a watched directory; they are of interest when the plugin is alone. */
  listener(root: string, rules: Rules): (changes: readonly Change[]) => void {
    if (!this.#isAlone || !this.#listensTo(root)) return () => {};
    const teller = new Teller(root, rules, this.#runner);
    this.#tellers.push(teller);
    return (changes) => teller.of(changes);
  }

  async stop(deadlineMs: number): Promise<void> {
    for (const teller of this.#tellers) teller.flush();
    await this.#runner.stop(deadlineMs);
  }

  #listensTo(root: string): boolean {
    return this.#watch === "" || this.#watch === root;
  }
}
