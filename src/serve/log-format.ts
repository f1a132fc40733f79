import { asBytePath, type DaemonEvent, displayPath } from "../../protocol/index.ts";

/** An object that was sent, received or deleted. */
export type TransferEvent = Extract<DaemonEvent, { readonly kind: "transfer" }>;

/** What a format may tell besides the event. */
export interface TransferContext {
  /** The client's name, or what stands for it. */
  readonly host: string;
  readonly modulePath: string;
  readonly now: Date;
}

const operations = { receive: "recv", send: "send", delete: "del." } as const;

type Field = (event: TransferEvent, context: TransferContext) => string | number;

/** The escapes of `log format` that are known here; the others stay as they are. */
const fields: Readonly<Record<string, Field>> = {
  a: ({ client }) => client.address,
  b: ({ sizeBytes }) => sizeBytes,
  f: ({ path }) => displayPath(path),
  h: (_, { host }) => host,
  l: ({ sizeBytes }) => sizeBytes,
  m: ({ module }) => module,
  n: ({ path }) => displayPath(path),
  o: ({ operation }) => operations[operation],
  p: ({ client }) => client.id,
  P: (_, { modulePath }) => modulePath,
  t: (_, { now }) => formatTime(now),
  // What a client calls itself must not end a line, or a terminal's patience.
  u: ({ user = "" }) => (user === "" ? "" : displayPath(asBytePath(user))),
};

/** Makes the line of a transfer. */
export type TransferFormat = (event: TransferEvent, context: TransferContext) => string;

const escapeForm = /(%'*-?\d{0,4}[%a-zA-Z])/;
const escapeParts = /^%('*)(-?)(\d{0,4})([%a-zA-Z])$/;

/** Reads a `log format` of rsyncd.conf(5), once for all its lines; with widths as in `%-12n`. */
export function parseLogFormat(format: string): TransferFormat {
  const parts = format.split(escapeForm).map(readPart);
  return (event, context) => parts.map((part) => part(event, context)).join("");
}

function readPart(text: string): TransferFormat {
  const [, marks = "", minus, width = "", letter = ""] = escapeParts.exec(text) ?? [];
  if (letter === "%") return () => "%";
  const field = Object.hasOwn(fields, letter) ? fields[letter] : undefined;
  if (field === undefined) return () => text;
  const columns = Number(width);
  return (event, context) => {
    const value = field(event, context);
    const shown = typeof value === "number" ? formatNumber(value, marks.length) : value;
    return minus === "-" ? shown.padEnd(columns) : shown.padStart(columns);
  };
}

const units = ["", "K", "M", "G", "T", "P"];

/** One mark parts thousands; two give units of 1000, three of 1024. */
function formatNumber(value: number, marks: number): string {
  if (marks === 0) return String(value);
  const step = marks === 2 ? 1000 : 1024;
  if (marks === 1 || value < step) return value.toLocaleString("en-US");
  const power = Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(step)));
  return `${(value / step ** power).toFixed(2)}${units[power]}`;
}

/** `2026/11/22 22:24:35`, in local time, as rsync writes it. */
export function formatTime(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("/");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}
