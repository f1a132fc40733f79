import { expect, test } from "vitest";
import { asBytePath, type DaemonEvent } from "../../../protocol/index.ts";
import { formatTime, parseLogFormat, type TransferEvent } from "../../../src/serve/log-format.ts";
import { logLine } from "../../../src/serve/log-line.ts";

const client = { id: 3, address: "192.0.2.7", port: 4_000 };
const session = { client, module: "m", direction: "push", user: "joe", paths: ["m/d/"] } as const;
const transfer: TransferEvent = {
  ...session,
  kind: "transfer",
  operation: "receive",
  path: asBytePath("d/gr\xc3\xbc\xc3\x9fe\n"),
  sizeBytes: 1_234_567,
};
const context = { host: "www", modulePath: "/srv/m", now: new Date(2026, 0, 2, 3, 4, 5) };

// Widths, marks and letters as rsync 3.5.0 writes them.
test.each([
  ["%o %h [%a] %m (%u) %l", "recv www [192.0.2.7] m (joe) 1234567"],
  ["%-6o|%6o|", "recv  |  recv|"],
  ["%10l|%-10l|%012l", "   1234567|1234567   |     1234567"],
  ["%'l %''l %'''l", "1,234,567 1.23M 1.18M"],
  ["%% %P %t %p", "% /srv/m 2026/01/02 03:04:05 3"],
  ["%z %Z 100%", "%z %Z 100%"],
  ["%f", "d/grüße\\#012"],
])("the format %j gives %j", (format, wanted) => {
  expect(parseLogFormat(format)(transfer, context)).toBe(wanted);
});

test("deletions and files that leave have rsync's words", () => {
  expect(parseLogFormat("%o")({ ...transfer, operation: "delete" }, context)).toBe("del.");
  expect(parseLogFormat("%o")({ ...transfer, operation: "send" }, context)).toBe("send");
});

const ended = { sentBytes: 1, receivedBytes: 2, totalBytes: 3, exitCode: 0, reason: undefined };
const events: readonly (readonly [DaemonEvent, string])[] = [
  [{ kind: "connected", client }, "connect from www (192.0.2.7)"],
  [{ kind: "listed", client }, "module-list request from www (192.0.2.7)"],
  [
    { kind: "refused", client, module: undefined, reason: "Unknown module 'x\n'" },
    "rsync refused from www (192.0.2.7): Unknown module 'x\\#012'",
  ],
  [
    { kind: "refused", client, module: "m", reason: "not admitted" },
    "rsync denied on module m from www (192.0.2.7): not admitted",
  ],
  [
    { kind: "login failed", client, module: "m", user: "jo\x1b[31me", reason: "no such user" },
    "auth failed on module m from www (192.0.2.7) for jo\\#033[31me: no such user",
  ],
  [{ ...session, kind: "started" }, "rsync to m/d/ from joe@www (192.0.2.7)"],
  [
    { ...session, kind: "started", direction: "pull", user: undefined, paths: [] },
    "rsync on m/ from www (192.0.2.7)",
  ],
  [{ ...session, kind: "text", severity: "error", text: "it failed\n" }, "it failed"],
  [{ ...session, kind: "ended", ...ended }, "sent 1 bytes  received 2 bytes  total size 3"],
  [
    { ...session, kind: "ended", ...ended, exitCode: 12, reason: "garbage" },
    "sent 1 bytes  received 2 bytes  total size 3; rsync error: garbage (code 12)",
  ],
  [{ kind: "trouble", reason: "grüße 目录\n", cause: undefined }, "trouble: grüße 目录?"],
];

test.each(events)("an event is told in one line: %j", (event, wanted) => {
  expect(logLine(event, { host: "www", modulePath: "", now: new Date() })).toBe(wanted);
});

test("a time is local, as in rsync's log", () => {
  expect(formatTime(new Date(2026, 10, 22, 22, 24, 35))).toBe("2026/11/22 22:24:35");
});
