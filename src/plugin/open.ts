import type { Logger } from "pino";
import { RsyncError } from "../../protocol/index.ts";
import { readPassword } from "../config/password.ts";
import type { PluginName, PluginSettings } from "../config/schema.ts";
import { textOf } from "./bytes.ts";
import { ChinaCache } from "./china-cache.ts";
import { CommandRun } from "./command.ts";
import { HttpPost } from "./http.ts";
import { ModuleHost } from "./module.ts";
import type { Plugin } from "./plugin.ts";
import { UrlPurge } from "./purge.ts";
import { PluginRunner } from "./runner.ts";
import { openSocket } from "./socket.ts";

interface Opened {
  readonly plugin: Plugin;
  readonly secrets: readonly string[];
}

/**
 * A plugin of a configuration, ready to be told of changes.
 *
 * @throws {RsyncError} OPTION_REFUSED when it cannot work: its secret, its header, its module.
 */
export async function openPlugin(
  name: PluginName,
  settings: PluginSettings,
  log: Logger,
): Promise<PluginRunner> {
  const own = settings[name];
  if (own === undefined) {
    throw new RsyncError("OPTION_REFUSED", `Cannot start the plugin ${name}: it has no settings`);
  }
  try {
    const { plugin, secrets } = await openers[name](settings, log.child({ plugin: name }));
    return new PluginRunner({ name, plugin, secrets, settings: own, log });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RsyncError("OPTION_REFUSED", `Cannot start the plugin ${name}: ${problem}`, {
      cause: error,
    });
  }
}

const openers: Readonly<
  Record<PluginName, (settings: PluginSettings, log: Logger) => Opened | Promise<Opened>>
> = {
  command: ({ command }, log) => ({
    plugin: new CommandRun({ settings: given(command), log }),
    secrets: [],
  }),
  socket: ({ socket }) => ({ plugin: openSocket(given(socket)), secrets: [] }),
  refreshCDN: ({ refreshCDN }) => {
    const settings = given(refreshCDN);
    const { purge, chinaCache } = settings;
    if (purge === undefined) {
      const account = given(chinaCache);
      return { plugin: new ChinaCache(settings, account), secrets: shownNever(account.password) };
    }
    const secret = readSecret(purge.secretFile);
    return { plugin: new UrlPurge(settings, purge, secret), secrets: shownNever(secret) };
  },
  http: ({ http }) => {
    const settings = given(http);
    const secret = readSecret(settings.secretFile);
    return { plugin: new HttpPost(settings, secret), secrets: shownNever(secret) };
  },
  module: async ({ module }, log) => {
    const { path, settings, secretFile } = given(module);
    const secret = textOf(readSecret(secretFile));
    const plugin = await ModuleHost.open({ path, settings, secret, log });
    return { plugin, secrets: shownNever(secret) };
  },
};

function given<T>(settings: T | undefined): T {
  if (settings === undefined) throw new Error("its settings are missing");
  return settings;
}

function readSecret(file: string): string {
  return file === "" ? "" : readPassword(file);
}

/** As bytes and as text; very short ones would hide half of every line. */
function shownNever(secret: string): readonly string[] {
  return secret.length < 3 ? [] : [...new Set([secret, textOf(secret)])];
}
