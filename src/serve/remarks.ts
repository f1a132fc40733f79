import type { Values } from "./values.ts";

/** What a parameter is that this daemon does not do as rsync's. */
interface Remark {
  readonly title: string;
  readonly kind: "flag" | "text";
  /** A mistake where going on would let in, show or lose what was not meant to be. */
  readonly severity: "mistake" | "warning";
  readonly text: string;
}

const starts = "this daemon starts no programs";

const remarks: readonly Remark[] = [
  ...["early exec", "pre-xfer exec", "post-xfer exec", "name converter"].map(
    (title): Remark => ({ title, kind: "text", severity: "mistake", text: starts }),
  ),
  {
    title: "fake super",
    kind: "flag",
    severity: "mistake",
    text: "owners and devices cannot be kept in extended attributes here",
  },
  {
    title: "use chroot",
    kind: "flag",
    severity: "warning",
    text: "there is no chroot here: every path is opened component by component below the module's, and no link is followed out of it",
  },
  {
    title: "insecure links",
    kind: "flag",
    severity: "warning",
    text: "has no effect: no link is followed out of the module",
  },
  {
    title: "open noatime",
    kind: "flag",
    severity: "warning",
    text: "has no effect",
  },
  ...["ignore nonreadable", "temp dir", "dont compress"].map(
    (title): Remark => ({
      title,
      kind: title === "ignore nonreadable" ? "flag" : "text",
      severity: "warning",
      text: "has no effect here",
    }),
  ),
];

const daemonRemarks: readonly Remark[] = [
  {
    title: "proxy protocol",
    kind: "flag",
    severity: "mistake",
    text: "is not supported: every client would have the proxy's address",
  },
  {
    title: "daemon chroot",
    kind: "text",
    severity: "mistake",
    text: "there is no chroot here",
  },
  {
    title: "socket options",
    kind: "text",
    severity: "warning",
    text: "has no effect",
  },
];

/** Says of a module what will not be as with rsync. */
export function remarkOnModule(values: Values): void {
  for (const remark of remarks) remarkOn(values, remark);
}

/** Says of the whole daemon what will not be as with rsync. */
export function remarkOnDaemon(values: Values): void {
  for (const remark of daemonRemarks) remarkOn(values, remark);
}

function remarkOn(values: Values, { title, kind, severity, text }: Remark): void {
  const isSet = kind === "flag" ? values.flag(title) === true : values.text(title) !== undefined;
  if (!isSet) return;
  if (severity === "mistake") values.mistake(title, text);
  else values.warn(title, text);
}
