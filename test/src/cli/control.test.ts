import { describe, expect, test } from "vitest";
import { formatAge, formatBytes } from "../../../src/amount.ts";
import { askHealth } from "../../../src/cli/health.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";
import { describeReply } from "../../../src/cli/reply.ts";
import { cutToColumns, fitScreen } from "../../../src/cli/screen.ts";
import { formatStatus } from "../../../src/cli/status.ts";
import type { StatusReport, TargetReport } from "../../../src/status/report.ts";

type Environment = Readonly<Record<string, string>>;

function command(text: string, environment: Environment = {}) {
  return parseCommandLine(text.split(" "), { version: "1", environment });
}

describe("the subcommands for a running program", () => {
  const plain = { kind: "control", files: ["confxml.xml"], json: false, watch: false };

  test.each([
    ["status", { request: { do: "status" } }],
    ["status --watch --json", { request: { do: "status" }, watch: true, json: true }],
    ["stop -o a.xml -o b.xml", { request: { do: "stop" }, files: ["a.xml", "b.xml"] }],
    ["reload -oa.xml", { request: { do: "reload" }, files: ["a.xml"] }],
    ["resync", { request: { do: "resync" } }],
    ["resync /data/x -o a.xml", { request: { do: "resync", path: "/data/x" }, files: ["a.xml"] }],
    ["pause", { request: { do: "pause" } }],
    ["resume h:873::m", { request: { do: "resume", target: "h:873::m" } }],
    ["retry h:873::m", { request: { do: "retry", target: "h:873::m" } }],
    ["allow-deletions h:873::m", { request: { do: "allow-deletions", target: "h:873::m" } }],
    ["status --source /data", { request: { do: "status" }, files: [], source: "/data" }],
  ])("%s", (text, expected) => {
    expect(command(text)).toEqual({ ...plain, ...expected });
  });

  test("in a container the variable that says what is watched says who is asked", () => {
    const environment = { SERSYNC_SOURCE: "/data" };
    expect(command("status", environment)).toMatchObject({ files: [], source: "/data" });
    expect(command("status -o a.xml", environment)).toMatchObject({
      files: ["a.xml"],
      source: undefined,
    });
  });

  test.each([
    ["stats", "did you mean status?"],
    ["status now", "too many arguments"],
    ["stop --watch", "unknown option '--watch'"],
  ])("%s is refused", (text, said) => {
    expect(command(text)).toMatchObject({ exitCode: 1, text: expect.stringContaining(said) });
  });
});

test("a page that is switched off is not asked", async () => {
  const said = await askHealth({
    kind: "health",
    page: { ip: "localhost", port: 0 },
    timeoutMs: 1_000,
  });
  expect(said).toEqual({
    exitCode: 1,
    text: "cannot ask: the status page is off (--page, SERSYNC_PAGE)\n",
  });
});

describe("a status that is watched", () => {
  const lines = ["a", "b", "c", "d", "e"];
  const more = (left: string) =>
    `(${left}; a taller terminal, --json or the status page shows all)`;

  test.each([
    [{ rows: 6 }, lines],
    [{ rows: 5 }, ["a", "b", "c", more("2 more lines")]],
    [{ rows: 2 }, [more("5 more lines")]],
    [{ rows: 0, columns: 0 }, lines],
    [{}, lines],
    [{ rows: 4, columns: 12 }, ["a", "b", "(3 more lin…"]],
  ])("on a terminal of %j shows its last line in sight", (size, shown) => {
    expect(fitScreen(lines, { rows: undefined, columns: undefined, ...size })).toEqual(shown);
  });

  test.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["中文名", 6, "中文名"],
    ["中文名", 5, "中文…"],
    ["中文名", 4, "中…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"],
    ["a😀😀", 4, "a😀…"],
    ["日本語ｶﾅ", 8, "日本語ｶﾅ"],
    ["한국어", 1, "…"],
  ])("cuts %s to %i columns", (line, columns, shown) => {
    expect(cutToColumns(line, columns)).toBe(shown);
  });
});

describe("a process's files", () => {
  test("are named by flags, and for a container by variables", () => {
    expect(command("-r --log-file l --pid-file p")).toMatchObject({ logFile: "l", pidFile: "p" });
    const files = { SERSYNC_LOG_FILE: "l", SERSYNC_PID_FILE: "p" };
    expect(command("watch /d rsync://h/m", files)).toMatchObject({ logFile: "l", pidFile: "p" });
  });
});

test.each([
  ["true", true],
  ["YES", true],
  ["1", true],
  ["false", false],
  ["No", false],
  ["0", false],
  ["", false],
])("the switch SERSYNC_FULL_PUSH=%j is %s", (value, fullPush) => {
  const parsed = command("watch /d rsync://h/m", { SERSYNC_FULL_PUSH: value });
  expect(parsed).toMatchObject({ fullPush });
});

test.each(["SERSYNC_FULL_PUSH", "SERSYNC_DELETE", "SERSYNC_DEBUG", "SERSYNC_WAIT"])(
  "a misspelt switch %s is refused, naming it",
  (name) => {
    expect(command("watch /d rsync://h/m", { [name]: "ture" })).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining(`${name}: found "ture"`),
    });
  },
);

describe("a status in words", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const target: TargetReport = {
    name: "h:873::m",
    up: true,
    paused: false,
    sessions: { warm: 3, inFlight: 0 },
    sending: [],
    pending: { paths: 0, inFlight: 0, refused: 0, oldestSeconds: 0 },
    comparison: { state: "none", entries: 0, bytes: 0 },
    delivered: 3,
    deliveredBytes: 1_500,
    failed: 0,
  };
  const watcher = {
    backend: "inotify",
    state: "watching",
    directories: 7,
    events: 1,
    overflows: 0,
    rescans: 0,
    watchLimit: 8192,
    unwatched: [],
    missingMounts: [],
  };
  const report: StatusReport = {
    version: "1.2.3",
    pid: 77,
    state: "running",
    startedAt: "2026-11-22T09:00:00Z",
    file: "a.xml",
    healthy: true,
    problems: [],
    sources: [{ directory: "/data", watcher, targets: [target] }],
  };

  test("when all is well", () => {
    expect(formatStatus(report, now)).toEqual([
      "a.xml: running for 3.0 h (process 77, sersync 1.2.3), healthy",
      "  /data: watching (inotify), 7 directories of 8192 that can be watched, 1 event",
      "    h:873::m: up, nothing waits",
      "      3 delivered (1.5 KB)",
      "      0 sessions in flight, 3 waiting ready",
    ]);
  });

  test("paused, with a file that is on its way", () => {
    const sending = [{ path: "a\u001b.iso", bytes: 2_000_000, size: 8_000_000 }];
    const sources = [
      { directory: "/data", watcher, targets: [{ ...target, paused: true, sending }] },
    ];
    expect(formatStatus({ ...report, sources }, now).slice(2, 4)).toEqual([
      "    h:873::m: paused, up, nothing waits",
      "      sending a\\u001b.iso: 2.0 MB of 8.0 MB",
    ]);
  });

  test("with how fast and how late it is, the latest deliveries, and what waits for its next try", () => {
    const delivery = {
      path: "a\nb",
      kind: "file",
      bytes: 2_000,
      ms: 65.4,
      at: "2026-11-22T11:59:58Z",
    };
    const failure = { path: "c", reason: "Permission denied (13)", attempts: 3 };
    const latest = {
      lag: { p50Ms: 4.24, p99Ms: 1_600 },
      deliveries: [delivery, { ...delivery, path: "gone", kind: "delete" }, delivery, delivery],
      failures: Array.from({ length: 7 }, () => ({ ...failure, nextTry: "2026-11-22T12:00:04Z" })),
    };
    const withTarget = (each: TargetReport): StatusReport => ({
      ...report,
      sources: [
        { directory: "/data", watcher: { ...watcher, overflows: 1, rescans: 2 }, targets: [each] },
      ],
    });
    const earlier = { report: withTarget(target), at: now - 2_000 };
    const faster = { ...target, delivered: 13, deliveredBytes: 3_500, latest };
    expect(formatStatus(withTarget(faster), now, earlier).slice(1)).toEqual([
      "  /data: watching (inotify), 7 directories of 8192 that can be watched, 1 event, 1 overflow made good, 2 rescans",
      "    h:873::m: up, nothing waits",
      "      13 delivered (3.5 KB)",
      "      5.0 paths/s, 1.0 KB/s",
      "      0 sessions in flight, 3 waiting ready",
      "      lag p50 4.2 ms, p99 1.6 s",
      "      - a\\u000ab (2.0 KB) after 65 ms, 2.0 s ago",
      "      - gone (delete) after 65 ms, 2.0 s ago",
      "      - a\\u000ab (2.0 KB) after 65 ms, 2.0 s ago",
      ...Array.from(
        { length: 5 },
        () => "      ! c: Permission denied (13); 3 attempts, tried again in 4.0 s",
      ),
      "      ! and 2 more",
    ]);
  });

  test("with its plugin, whose troubles are not the mirror's", () => {
    const counts = { done: 5, failed: 1, dropped: 2, waiting: 3, running: 0 };
    const plugin = { name: "socket", isAnswered: false, ...counts };
    expect(formatStatus({ ...report, plugin }, now).at(-1)).toBe(
      "  plugin socket: 5 done, 1 failed, 2 left out; 0 under way, 3 waiting, gets no answer",
    );
  });

  test("when it is not", () => {
    const down: TargetReport = {
      ...target,
      up: false,
      outage: {
        code: "CONNECTION_LOST",
        error: "refused",
        since: "2026-11-22T11:58:00Z",
        nextAttempt: "2026-11-22T12:00:30Z",
      },
      pending: { paths: 2, inFlight: 1, refused: 0, oldestSeconds: 90 },
      sessions: { warm: 0, inFlight: 0 },
      comparison: { state: "running", entries: 5, bytes: 2_000_000, expected: 20 },
      lastDeliveryAt: "2026-11-22T11:58:00Z",
    };
    const problems = ["h:873::m: refused\u001b[2J"];
    const sources = [{ directory: "/data", watcher, targets: [down] }];
    expect(formatStatus({ ...report, healthy: false, problems, sources }, now)).toEqual([
      "a.xml: running for 3.0 h (process 77, sersync 1.2.3), in trouble",
      "  ! h:873::m: refused\\u001b[2J",
      "  /data: watching (inotify), 7 directories of 8192 that can be watched, 1 event",
      "    h:873::m: down, 2 paths to deliver (1 under way), the oldest for 1.5 min",
      "      tried again in 30 s",
      "      3 delivered (1.5 KB), the last 2.0 min ago",
      "      comparing: 5 entries of about 20, 2.0 MB looked at",
    ]);
  });

  test.each([
    ["wanted", "down, a comparison of everything waits"],
    ["running", "down, being compared"],
  ] as const)("with nothing but a comparison that is %s", (state, said) => {
    const only = { ...target, up: false, comparison: { state, entries: 0, bytes: 0 } };
    const sources = [{ directory: "/data", watcher, targets: [only] }];
    const lines = formatStatus({ ...report, sources }, now);
    expect(lines[2]).toBe(`    h:873::m: ${said}`);
    expect(lines.join("\n")).not.toContain("nothing waits");
  });

  test.each([
    [{ undelivered: 1, uncompared: 2 }, "1 path is left"],
    [{ undelivered: 2, uncompared: 0 }, "2 paths are left"],
    [{ undelivered: 0, uncompared: 1 }, "1 target has not been compared to the end"],
    [{ undelivered: 0, uncompared: 2 }, "2 targets have not been compared to the end"],
    [{ undelivered: 0, uncompared: 0 }, "everything is delivered"],
  ])("stopped with %j left", (left, text) => {
    const said = describeReply("a.xml", { do: "stop" }, { ok: true, ...left });
    expect(said).toEqual([`a.xml: stopped; ${text}`]);
  });

  test.each([
    [0, "0.0 s"],
    [59.4, "59 s"],
    [3_600, "1.0 h"],
    [864_000, "10 d"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });

  test.each([
    [999, "999 bytes"],
    [1_000, "1.0 KB"],
    [123_456_789, "123 MB"],
    [5e15, "5000 TB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
