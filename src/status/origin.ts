import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * True when a request names this server by an address, as the name it listens on, or by a name
 * without a dot: localhost, a container, a machine next door. A stranger's name that was made to lead
 * here has a dot.
 */
export function isAddressedToUs(host: string | undefined, ownName: string | undefined): boolean {
  if (host === undefined) return true; // HTTP/1.0: no browser
  const name = host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return isIP(name) !== 0 || /^[^.]+$/.test(name) || name === ownName?.toLowerCase();
}

/** True when a browser says that a page of another origin asks. */
export function isFromElsewhere({ origin, host, ...headers }: IncomingHttpHeaders): boolean {
  // A proxy in front may speak TLS with the browser; it passes the name on.
  const own = [`http://${host}`, `https://${host}`];
  if (origin !== undefined && !own.includes(origin)) return true;
  const site = headers["sec-fetch-site"];
  return site === "cross-site" && headers["sec-fetch-mode"] !== "navigate";
}
