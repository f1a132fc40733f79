/** Where a configuration wants its status page: `<host hostip port>`; port 0: nowhere. */
export interface StatusAddress {
  readonly ip: string;
  readonly port: number;
}

/** Where sersync's own file has the page. */
export const defaultPage: StatusAddress = { ip: "localhost", port: 8008 };

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or `PORT` for every address, `off` or `0` for none; else undefined. */
export function parsePageAddress(text: string): StatusAddress | undefined {
  if (text === "off") return { ...defaultPage, port: 0 };
  const found = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]*)):)?([0-9]{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) return undefined;
  return { ip: found[1] || found[2] || "0.0.0.0", port };
}

/** The address at which this machine reaches a page of its own. */
export function reachable({ ip, port }: StatusAddress): StatusAddress {
  const loopback: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { ip: loopback[ip] ?? ip, port };
}

/** The page's address as browsers take it. */
export function pageUrl({ ip, port }: StatusAddress): string {
  return `http://${ip.includes(":") ? `[${ip}]` : ip}:${port}/`;
}
