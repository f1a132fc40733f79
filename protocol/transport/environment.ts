import { readFileSync } from "node:fs";
import { RsyncError } from "../errors.ts";
import type { Address } from "./connect.ts";
import { parseProxy } from "./proxy.ts";
import type { TlsOptions } from "./tls.ts";

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

/**
 * What rsync-ssl's variables ask for: RSYNC_SSL_CA_CERT is a file of authorities, or empty to trust
 * everybody; RSYNC_SSL_CERT and RSYNC_SSL_KEY are files with our own certificate and key.
 *
 * @throws {RsyncError} FILE_IO when one of the files cannot be read.
 */
export function tlsFromEnvironment(env: Readonly<Record<string, string | undefined>>): TlsOptions {
  const read = (name: string): string | undefined => {
    const file = env[name];
    return file === undefined || file === "" ? undefined : readPem(name, file);
  };
  return {
    ca: read("RSYNC_SSL_CA_CERT"),
    cert: read("RSYNC_SSL_CERT"),
    key: read("RSYNC_SSL_KEY"),
    verify: env["RSYNC_SSL_CA_CERT"] !== "",
  };
}

function readPem(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const found = (cause as Error).message;
    throw new RsyncError("FILE_IO", `Cannot use ${name}: ${found}`, { cause });
  }
}
