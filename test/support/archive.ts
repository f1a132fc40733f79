import type { TransferOptions } from "../../protocol/index.ts";

/** `-a`, as the library has it. */
export const archive: TransferOptions = {
  recursive: true,
  links: true,
  perms: true,
  times: true,
  owner: true,
  group: true,
  devices: true,
  specials: true,
};

/** `-rlHptgo --delete`, as the library has it. */
export const exactly: TransferOptions = {
  recursive: true,
  links: true,
  hardLinks: true,
  perms: true,
  times: true,
  owner: true,
  group: true,
  delete: true,
};
