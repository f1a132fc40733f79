import type { ListenAddress } from "../../../protocol/index.ts";
import { counted } from "../../amount.ts";
import type { ServedModule } from "../../serve/module.ts";
import type { ServeSettings } from "../../serve/settings.ts";

/** What is served, where, and the addresses that clients use. */
export function describeServing(
  { modules, ids }: Pick<ServeSettings, "modules" | "ids">,
  { address, port, secure }: ListenAddress & { readonly secure: boolean },
): string[] {
  const scheme = secure ? "rsyncs" : "rsync";
  const usual = port === (secure ? 874 : 873) ? "" : `:${port}`;
  const place = `${isEverywhere(address) ? "HOST" : bracketed(address)}${usual}`;
  const where = isEverywhere(address) ? "every address" : address;
  const user = ids?.uid === undefined ? "" : ` as user ${ids.uid}`;
  const head = `serving ${counted(modules.length, "module")} on port ${port} of ${where}${user}`;
  return [head, ...modules.map((served) => `  ${describeModule(served, `${scheme}://`, place)}`)];
}

function describeModule({ module }: ServedModule, scheme: string, place: string): string {
  const { name, path, users, readOnly = true, writeOnly = false, list = true } = module;
  const rights = readOnly ? "read only" : writeOnly ? "write only" : "read and write";
  const named = users?.map(({ user, group }) =>
    typeof user === "string" ? user : group && `@${group}`,
  );
  const [user] = named?.filter((each) => each !== undefined && !each.startsWith("@")) ?? [];
  const who =
    named === undefined ? "" : `, for ${named.map((each) => each ?? "a pattern").join(" ")}`;
  const login = user === undefined ? "" : `${user}@`;
  const hidden = list ? "" : ", not listed";
  return `${scheme}${login}${place}/${name}/  ${path}  (${rights}${who}${hidden})`;
}

/** What somebody who did not mean it should hear before others find it. */
export function warnOfOpenDoors(
  { modules }: Pick<ServeSettings, "modules">,
  address: string,
): string[] {
  if (isLoopback(address)) return [];
  const open = modules.filter(
    ({ module }) =>
      module.readOnly === false && module.users === undefined && module.admits === undefined,
  );
  return open.map(
    ({ module }) => `module ${module.name} can be written by everybody who reaches this port`,
  );
}

function isEverywhere(address: string): boolean {
  return address === "::" || address === "0.0.0.0";
}

function isLoopback(address: string): boolean {
  return address === "::1" || address === "localhost" || address.startsWith("127.");
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
