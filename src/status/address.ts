import { isIP } from "node:net";

/** Where a configuration wants its status page: `<host hostip port>`; port 0: nowhere. */
export interface StatusAddress {
  readonly ip: string;
  readonly port: number;
}

export function pageUrl({ ip, port }: StatusAddress): string {
  return `http://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}/`;
}
