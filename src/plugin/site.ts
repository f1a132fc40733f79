import type { RefreshCdnPlugin } from "../config/schema.ts";
import { compileSearch } from "../filter/search.ts";
import { type PluginEvent, wholePath } from "./plugin.ts";

/** What follows the base in the URL of a changed path. */
export class Site {
  readonly #base: string;
  readonly #search: RegExp | undefined;

  constructor({ base, match }: Pick<RefreshCdnPlugin, "base" | "match">) {
    this.#base = base;
    this.#search = match === undefined ? undefined : compileSearch(match);
  }

  get base(): string {
    return this.#base;
  }

  /**
   * With a regex: its first group and all behind the match; without: the path below the watched
   * directory, as sersync did it. A directory ends in "/". A byte string.
   *
   * @returns undefined when the regex does not match: then nothing is asked for.
   */
  pathOf(event: PluginEvent): string | undefined {
    const slash = event.kind === "directory" ? "/" : "";
    if (this.#search === undefined) {
      return event.path === "" ? slash : `/${event.path}${slash}`;
    }
    const whole = wholePath(event);
    const found = this.#search.exec(whole);
    if (found === null) return undefined;
    return `${found[1] ?? ""}${whole.slice(found.index + found[0].length)}${slash}`;
  }
}
