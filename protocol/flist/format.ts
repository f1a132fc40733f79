import { type Agreement, compatFlags, isIncremental } from "../agreement.ts";
import type { TransferOptions } from "../options.ts";
import { entryConversion } from "./conversion.ts";
import type { AttributeWriter } from "./entry.ts";
import type { IdNames, ListFormat } from "./list.ts";

const numbersOnly: IdNames = { user: () => undefined, group: () => undefined };

export interface FormatNeeds {
  /** Default: owners travel as numbers. */
  readonly idNames?: IdNames | undefined;
  /** Bytes of a file's digest in the list; default 0: lists are not compared by content. */
  readonly digestLength?: number;
  /** `--delete-missing-args`. Default false. */
  readonly deletions?: boolean;
  /** Of a session that sends extended attributes. */
  readonly attributes?: AttributeWriter | undefined;
}

/** Which fields the entries of a session have, from what was agreed and asked for. */
export function listFormat(
  { protocol, compat }: Pick<Agreement, "protocol" | "compat">,
  options: TransferOptions,
  needs: FormatNeeds = {},
): ListFormat {
  const { idNames = numbersOnly, digestLength = 0, deletions = false, attributes } = needs;
  const { owner, group, links, devices, specials, numericIds, hardLinks, acls } = options;
  const names = numericIds ? undefined : idNames;
  return {
    protocol,
    recursive: options.recursive ?? false,
    relative: options.relative ?? false,
    converts: entryConversion(options, compat),
    ...(isIncremental({ compat }) && { inlineNames: names }),
    varintFlags: (compat & compatFlags.varintFlags) !== 0,
    nanoseconds: protocol >= 31,
    accessTimes: options.atimes ?? false,
    owner: owner ?? false,
    group: group ?? false,
    links: links ?? false,
    devices: devices ?? false,
    deviceOfSpecials: protocol < 31 && (specials ?? false),
    digestLength,
    deletions,
    hardLinks: hardLinks ?? false,
    namesAccess: acls ?? false,
    xattrs: Boolean(options.xattrs),
    idNames: names,
    namesId0: (compat & compatFlags.id0Names) !== 0,
    attributes,
  };
}
