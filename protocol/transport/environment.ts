import type { Address } from "./connect.ts";
import { parseProxy } from "./proxy.ts";
import { tlsFromEnvironment } from "./tls.ts";

/**
 * The way to `address` as rsync's own variables have it: RSYNC_PROXY for everything, and the
 * RSYNC_SSL_… variables for what is behind TLS. What the address says itself goes before them.
 *
 * @throws {RsyncError} BAD_OPTION for a proxy that is none; FILE_IO for a file that cannot be read.
 */
export function inEnvironment<T extends Address>(
  address: T,
  env: Readonly<Record<string, string | undefined>>,
): T {
  const { tls, proxy } = address;
  const named = env["RSYNC_PROXY"];
  return {
    ...address,
    ...(tls !== undefined && { tls: { ...tlsFromEnvironment(env), ...tls } }),
    ...(proxy === undefined && named && { proxy: parseProxy(named) }),
  };
}
