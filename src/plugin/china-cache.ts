import type { RefreshCdnPlugin } from "../config/schema.ts";
import { percentEncoded } from "./bytes.ts";
import { connectTo, unreachable, writeAll } from "./connection.ts";
import { type Plugin, type PluginEvent, PluginFailure } from "./plugin.ts";
import { Site } from "./site.ts";

type Account = NonNullable<RefreshCdnPlugin["chinaCache"]>;

const longestAnswer = 16 * 1024;

/** Asks ChinaCache to fetch a changed path anew, with the request sersync sent. */
export class ChinaCache implements Plugin {
  readonly #account: Account;
  readonly #site: Site;

  constructor(settings: RefreshCdnPlugin, account: Account) {
    this.#account = account;
    this.#site = new Site(settings);
  }

  async run(event: PluginEvent, signal: AbortSignal): Promise<void> {
    const path = this.#site.pathOf(event);
    if (path === undefined) return;
    const request = refreshRequest(this.#account, this.#site.base, path);
    checkAnswer(this.#account, await exchange(this.#account, request, signal));
  }
}

/**
 * The request, a byte string: HEAD, HTTP/1.0, the account in the query. Values are encoded, which
 * sersync left out; a plain URL stands in it as it stood.
 */
export function refreshRequest(account: Account, base: string, path: string): string {
  const name = path.endsWith("/") ? "dirs" : "urls";
  const query = [
    `user=${percentEncoded(account.user)}`,
    `pswd=${percentEncoded(account.password)}`,
    "ok=ok",
    `${name}=${percentEncoded(`${base}${path}`, ":/")}`,
  ];
  const host = account.host.includes(":") ? `[${account.host}]` : account.host;
  return `HEAD /index.jsp?${query.join("&")} HTTP/1.0\r\nHost: ${host}\r\n\r\n`;
}

/** Sends the request and reads what comes until the other side closes. */
async function exchange(account: Account, request: string, signal: AbortSignal): Promise<string> {
  const socket = await connectTo(account, signal);
  const abort = (): void => void socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort);
  let answer = "";
  try {
    const closed = (async () => {
      for await (const chunk of socket) {
        answer += (chunk as Buffer).toString("latin1");
        if (/\r?\n\r?\n/.test(answer) || answer.length > longestAnswer) break;
      }
    })();
    await Promise.all([writeAll(socket, Buffer.from(request, "latin1")), closed]);
    return answer;
  } catch (error) {
    throw unreachable(account, error);
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** The status, and what the header `whatsup` says, which is ChinaCache's own. */
function checkAnswer({ host }: Account, answer: string): void {
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})/.exec(answer)?.[1]);
  if (Number.isNaN(status)) throw new PluginFailure("again", `${host} gives no HTTP answer`);
  if (status >= 500) throw new PluginFailure("again", `${host} answers ${status}`);
  if (status >= 300) throw new PluginFailure("final", `${host} answers ${status}`);
  const said = /^whatsup:[ \t]*([\x20-\x7e]{1,200})/im.exec(answer)?.[1];
  if (said !== undefined && !/succe/i.test(said)) {
    throw new PluginFailure("final", `${host} refuses: ${said}`);
  }
}
