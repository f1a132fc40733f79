import type { PullJob } from "../../../protocol/index.ts";
import { type OptionRule, own, refused } from "../../config/option-rule.ts";
import type { Environment } from "../push/command.ts";
import { initialFlags, type PushFlags } from "../push/flags.ts";

/** What the options of `sersync pull` say besides those of a push. */
export interface PullFlags extends PushFlags {
  readonly senderOptions: string[];
  listOnly: boolean;
  trustsSender: boolean;
  oldArguments: boolean | undefined;
}

/** As they are before any option was read. */
export function initialPullFlags(): PullFlags {
  return {
    ...initialFlags(),
    senderOptions: [],
    listOnly: false,
    trustsSender: false,
    oldArguments: undefined,
  };
}

const unreceived = ["write-devices", "delete-missing-args"];

/** Options that a sender obeys, and options that nobody obeys here. */
export function pullRules(flags: PullFlags): OptionRule[] {
  const passed = (names: string): OptionRule =>
    own(names, () => {
      const [long, letter] = names.split(" ");
      flags.senderOptions.push(letter === undefined ? `--${long}` : `-${letter}`);
      return undefined;
    });
  return [
    ...unreceived.map((name) => refused(name, "sersync pull does not have it")),
    passed("copy-links L"),
    passed("copy-unsafe-links"),
    passed("copy-dirlinks k"),
    passed("copy-devices"),
    own("append", (_, { options }) => {
      options.append = true;
      return undefined;
    }),
    own("append-verify", (_, { options }) => {
      options.append = "verify";
      return undefined;
    }),
    own("list-only", () => {
      flags.listOnly = true;
      return undefined;
    }),
    own("trust-sender", () => {
      flags.trustsSender = true;
      return undefined;
    }),
    own("old-args", () => {
      flags.oldArguments = true;
      return undefined;
    }),
    own("no-old-args", () => {
      flags.oldArguments = false;
      return undefined;
    }),
    own("files-from=", (value) => {
      flags.filesFrom = value;
      return undefined;
    }),
  ];
}

/** A daemon that splits words itself makes other names of them. */
export function trustOf(
  { trustsSender, oldArguments }: PullFlags,
  { RSYNC_OLD_ARGS }: Environment,
): Required<Pick<PullJob, "trustsSender" | "trustsArguments">> {
  return { trustsSender, trustsArguments: oldArguments ?? Number(RSYNC_OLD_ARGS ?? 0) > 0 };
}

/** What the sender alone is told. */
export function senderOptions({
  senderOptions: passed,
  oneFileSystem,
  ignoreMissing,
}: PullFlags): string[] {
  return [
    ...passed,
    ...(oneFileSystem ? ["-x"] : []),
    ...(oneFileSystem === "skip" ? ["-xx"] : []),
    ...(ignoreMissing ? ["--ignore-missing-args"] : []),
  ];
}
