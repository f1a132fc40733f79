import { nothing, type OptionRule, own } from "../../config/option-rule.ts";
import { does } from "./filter-flags.ts";

/** How the other machine is reached. */
export interface ConnectionFlags {
  protocol: number | undefined;
  family: 4 | 6 | undefined;
  localAddress: string | undefined;
  connectSeconds: number | undefined;
  /** `--rsync-path` */
  program: string | undefined;
  /** `--early-input`: its file. */
  earlyInput: string | undefined;
  /** `--iconv`; undefined: RSYNC_ICONV decides. */
  iconv: string | undefined;
}

/** The options that say how the other machine is reached. */
export function connecting(flags: ConnectionFlags): OptionRule[] {
  return [
    own("password-file=", (value, draft) => {
      draft.passwordFile = value; // "-" is the standard input here
      return undefined;
    }),
    own("protocol=", (value) => {
      flags.protocol = Number(value);
      return /^(2[789]|3[012])$/.test(value) ? undefined : "a number from 27 to 32";
    }),
    own("contimeout=", (value) => {
      flags.connectSeconds = Number(value);
      return /^\d{1,5}$/.test(value) ? undefined : "a number of seconds";
    }),
    does("ipv4 4", () => {
      flags.family = 4;
    }),
    does("ipv6 6", () => {
      flags.family = 6;
    }),
    does("no-contimeout", () => {
      flags.connectSeconds = undefined;
    }),
    own("address=", (value) => {
      flags.localAddress = value;
      return undefined;
    }),
    own("iconv=", (value) => {
      flags.iconv = value;
      return value === "" ? "LOCAL,REMOTE" : undefined;
    }),
    does("no-iconv", () => {
      flags.iconv = "-";
    }),
    own("rsync-path=", (value) => {
      flags.program = value;
      return value.trim() === "" ? "a program" : undefined;
    }),
    own("early-input=", (value) => {
      flags.earlyInput = value;
      return undefined;
    }),
    nothing("blocking-io", ""),
  ];
}
