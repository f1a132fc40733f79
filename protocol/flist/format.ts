import { type Agreement, compatFlags } from "../agreement.ts";
import type { TransferOptions } from "../options.ts";
import type { IdNames, ListFormat } from "./list.ts";

const numbersOnly: IdNames = { user: () => undefined, group: () => undefined };

/** Which fields the entries of a session have, from what was agreed and asked for. */
export function listFormat(
  { protocol, compat }: Pick<Agreement, "protocol" | "compat">,
  options: TransferOptions,
  idNames: IdNames = numbersOnly,
): ListFormat {
  const { owner, group, links, devices, specials, numericIds } = options;
  return {
    varintFlags: (compat & compatFlags.varintFlags) !== 0,
    nanoseconds: protocol >= 31,
    owner: owner ?? false,
    group: group ?? false,
    links: links ?? false,
    devices: devices ?? false,
    deviceOfSpecials: protocol < 31 && (specials ?? false),
    idNames: numericIds ? undefined : idNames,
    namesId0: (compat & compatFlags.id0Names) !== 0,
  };
}
