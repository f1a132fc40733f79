import { flag, type OptionRule, set } from "../../config/option-table.ts";

/** What a push sends of an object, and a mirror, which sends whatever lies there, does not. */
export const sending: readonly OptionRule[] = [
  set("append", { append: true }),
  set("append-verify", { append: "verify" }),
  set("no-append", { append: false }),
  flag("copy-links L", "copyLinks"),
  flag("copy-unsafe-links", "copyUnsafeLinks"),
  flag("copy-dirlinks k", "copyDirlinks"),
  flag("munge-links", "mungeLinks"),
];
