import { flag, type OptionRule, own, refused, set } from "../../config/option-rule.ts";

/** What a push sends of an object, and a mirror, which sends whatever lies there, does not. */
export const sending: readonly OptionRule[] = [
  set("append", { append: true }),
  set("append-verify", { append: "verify" }),
  set("no-append", { append: false }),
  flag("copy-links L", "copyLinks"),
  flag("copy-unsafe-links", "copyUnsafeLinks"),
  flag("copy-dirlinks k", "copyDirlinks"),
  flag("munge-links", "mungeLinks"),
  own("xattrs X", (_, { options }) => {
    options.xattrs = options.xattrs ? "all" : true;
    return undefined;
  }),
  own("atimes U", (_, { options }) => {
    if (options.atimes) options.openNoatime = true;
    options.atimes = true;
    return undefined;
  }),
  set("no-atimes", { atimes: false, openNoatime: false }),
  set("no-U", { atimes: false, openNoatime: false }),
  flag("open-noatime", "openNoatime"),
  flag("copy-devices", "copyDevices"),
  flag("write-devices", "writeDevices"),
  refused("list-only", "sersync list shows what is there"),
];
