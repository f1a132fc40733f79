import type { CompressionName, TransferOptions } from "../options.ts";
import type { ClientOptions } from "./client-options.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Lists = "unknown" | "unavailable" | "used";

/** Options that are being read. */
export type Draft = Mutable<Omit<ClientOptions, "paths" | "transfer" | Lists>> & {
  transfer: Mutable<TransferOptions>;
} & { readonly [K in Lists]: string[] };

/** An option without a value, or one with; `take` says false to a value that makes no sense. */
export type ServerOption =
  | { readonly set: (draft: Draft) => void }
  | { readonly take: (draft: Draft, value: string) => boolean };

/** The fields of `T` that can be `V`. */
type KeysFor<T, V> = { [K in keyof T]-?: V extends T[K] ? K : never }[keyof T];
type Switch = KeysFor<TransferOptions, boolean>;
type Amount = Exclude<KeysFor<TransferOptions, number>, undefined>;
type Text = "userMap" | "groupMap" | "backupDir" | "suffix" | "partialDir" | "tempDir";

/** Turns something of the transfer on, or off. */
export const on = (key: Switch, value = true): ServerOption => ({
  set: ({ transfer }) => {
    transfer[key] = value;
  },
});
export const off = (key: Switch): ServerOption => on(key, false);

/** Turns something on that is not the transfer's. */
export const flag = (key: KeysFor<Draft, boolean>): ServerOption => ({
  set: (draft) => {
    draft[key] = true;
  },
});

/** The same, with a value that does not matter. */
export const flagWith = (key: KeysFor<Draft, boolean>): ServerOption => ({
  take: (draft) => {
    draft[key] = true;
    return true;
  },
});

/** Told to a server, and of no consequence for what it does. */
export const nothing: ServerOption = { set: () => {} };
export const nothingWith: ServerOption = { take: () => true };

/** Known, and not to be had here. */
export const missing = (name: string): ServerOption => ({
  set: ({ unavailable }) => {
    unavailable.push(name);
  },
});

const integer = /^[-+]?\d{1,15}$/;

/** A whole number, `least` or more. */
export function number(least: number, set: (draft: Draft, value: number) => void): ServerOption {
  return {
    take: (draft, digits) => {
      const value = Number(digits);
      if (!integer.test(digits) || value < least) return false;
      set(draft, value);
      return true;
    },
  };
}

export const amount = (key: Amount, least = 0): ServerOption =>
  number(least, ({ transfer }, value) => {
    transfer[key] = value;
  });

export const text = (key: Text): ServerOption => ({
  take: ({ transfer }, value) => {
    transfer[key] = textOf(value);
    return true;
  },
});

function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** A name that is not the transfer's. */
export const word = (key: "checksumChoice" | "filesFrom"): ServerOption => ({
  take: (draft, value) => {
    draft[key] = value;
    return true;
  },
});

export const deletes = (when: TransferOptions["delete"] & {}): ServerOption => ({
  set: ({ transfer }) => {
    transfer.delete = when;
  },
});

export const alternate = (how: "compare" | "copy" | "link"): ServerOption => ({
  take: ({ transfer }, directory) => {
    const { alternate: before } = transfer;
    if (before !== undefined && before.how !== how) return false;
    transfer.alternate = { how, directories: [...(before?.directories ?? []), textOf(directory)] };
    return true;
  },
});

export const compresses = (choice?: CompressionName): ServerOption => ({
  set: (draft) => chooseCompression(draft, choice),
});

export const compressionChoice: ServerOption = {
  take: (draft, choice) => {
    chooseCompression(draft, choice);
    return true;
  },
};

function chooseCompression(draft: Draft, choice: string | undefined): void {
  draft.transfer.compress = choice !== "none";
  if (choice !== undefined && choice !== "none") draft.compressChoice = choice;
}

/** Longer blocks no rsync has since protocol 30; a block is held in memory. */
const longestBlock = 128 * 1024;

/** Absent or 0: by the length of the file. */
export const blockSize: ServerOption = {
  take: ({ transfer }, digits) => {
    const value = Number(digits);
    if (!integer.test(digits) || value < 0 || value > longestBlock) return false;
    if (value > 0) transfer.blockSizeBytes = value;
    return true;
  },
};
