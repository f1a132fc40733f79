import {
  asBytePath,
  type DaemonClient,
  type DaemonEvent,
  type DaemonSession,
  displayPath,
} from "../../protocol/index.ts";
import type { TransferFormat } from "./log-format.ts";

/** What a line says besides the event. */
export interface LineContext {
  /** The client's name; "UNDETERMINED" where none is looked up. */
  readonly host: string;
  /** The line for a transfer in the module that the event is about. */
  readonly transferLine?: TransferFormat | undefined;
  /** Of that module. */
  readonly modulePath: string;
  readonly now: Date;
}

type Event<Kind extends DaemonEvent["kind"]> = Extract<DaemonEvent, { readonly kind: Kind }>;
type Line<Kind extends DaemonEvent["kind"]> = (event: Event<Kind>, context: LineContext) => string;

const lines: { readonly [Kind in DaemonEvent["kind"]]: Line<Kind> } = {
  connected: ({ client }, { host }) => `connect from ${from(client, host)}`,
  listed: ({ client }, { host }) => `module-list request from ${from(client, host)}`,
  refused: ({ client, module, reason }, { host }) =>
    module === undefined
      ? `rsync refused from ${from(client, host)}: ${shown(reason)}`
      : `rsync denied on module ${module} from ${from(client, host)}: ${shown(reason)}`,
  "login failed": ({ client, module, user, reason }, { host }) =>
    `auth failed on module ${module} from ${from(client, host)} for ${shown(user)}: ${shown(reason)}`,
  started: (session, { host }) => `rsync ${request(session)} from ${who(session, host)}`,
  transfer: (event, context) => context.transferLine?.(event, context) ?? "",
  text: ({ text }) => shown(text.replace(/\n+$/, "")),
  ended: ({ exitCode, reason, sentBytes, receivedBytes, totalBytes }) => {
    const sums = `sent ${sentBytes} bytes  received ${receivedBytes} bytes  total size ${totalBytes}`;
    if (exitCode === 0) return sums;
    return `${sums}; rsync error: ${shown(reason ?? "it did not end well")} (code ${exitCode})`;
  },
  trouble: ({ reason }) => `trouble: ${shown(reason)}`,
};

/** What rsync's daemon would say of an event in its log, without time and number. */
export function logLine(event: DaemonEvent, context: LineContext): string {
  const line = lines[event.kind] as Line<DaemonEvent["kind"]>;
  return line(event as never, context);
}

function from({ address }: DaemonClient, host: string): string {
  return `${host} (${address})`;
}

function who({ client, user }: DaemonSession, host: string): string {
  return user === undefined ? from(client, host) : `${shown(user)}@${from(client, host)}`;
}

function request({ direction, module, paths }: DaemonSession): string {
  const named = paths.length === 0 ? `${module}/` : paths.map(shown).join(" ");
  return `${direction === "push" ? "to" : "on"} ${named}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
const controls = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text, or bytes of a client, as a person reads them; nothing in them ends a line. */
export function shown(text: string): string {
  const isText = Array.from(text).some((char) => char > "\xff");
  if (isText) return text.replaceAll(controls, "?");
  return text === "" ? "" : displayPath(asBytePath(text));
}
