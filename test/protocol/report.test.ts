import { expect, test } from "vitest";
import { deletion, type FileEntry } from "../../protocol/flist/entry.ts";
import { asBytePath } from "../../protocol/path.ts";
import { type DaemonText, PushReport } from "../../protocol/report.ts";

function entry(path: string, mode: number): FileEntry {
  return { ...deletion(asBytePath(path)), mode };
}

const list = [
  entry("a", 0),
  entry("d", 0o40755),
  entry("n", 0o100644),
  entry("d/b", 0o100644),
  entry("d/.e", 0o100644),
];

function reportOf(...texts: readonly (readonly [DaemonText["severity"], string])[]): PushReport {
  const report = new PushReport();
  report.begin(list, {});
  for (const [severity, text] of texts) report.text(severity, text);
  return report;
}

const failedPaths = (report: PushReport) =>
  list.filter((_, at) => report.status(at).kind === "failed").map(({ path }) => path);

// The texts of real daemons (spec 2 §9.2, spec 3 §1).
test.each([
  ["cannot delete non-empty directory: a", ["a"]],
  ["cannot delete non-empty directory: d/b", ["d/b"]],
  ['rsync: [generator] delete_file: unlink("/srv/a") failed: Permission denied (13)', ["a"]],
  ['rsync: [generator] recv_generator: mkdir "/srv/d" failed: Read-only file system (30)', ["d"]],
  ["could not make way for new regular file: n", ["n"]],
  ['rsync: [receiver] mkstemp "/.n.aB3dE_" (in m) failed: Permission denied (13)', ["n"]],
  ['rsync: [receiver] mkstemp "/srv/d/.e.oXyZ01" failed: Permission denied (13)', ["d/.e"]],
  ['rsync: [receiver] open "/srv/.n.lock" failed: Permission denied (13)', []],
  ["IO error encountered -- skipping file deletion", []],
  ["deleting and mending", []],
])("%s is about %j", (text, paths) => {
  expect(failedPaths(reportOf(["info", text]))).toEqual(paths);
});

test("of two files that are refused each has its own reason", () => {
  const reasons = ['mkstemp "/.n.aB3dE1" failed: no', 'mkstemp "/d/.b.aB3dE2" failed: no'];
  const report = reportOf(...reasons.map((text) => ["error", text] as const));
  for (const place of [2, 3]) report.sent(place, { kind: "sent", bytes: 1 });
  const told = [2, 3].map((place) => report.status(place));
  expect(told).toEqual(reasons.map((reason) => ({ kind: "failed", reason })));
});

test("a warning is no failure of the path it names", () => {
  const text = "WARNING: parent dir is absent in the file list: d";
  expect(failedPaths(reportOf(["warning", text]))).toEqual([]);
});

test("a message is one text, and of each kind the first thousand are kept", () => {
  const told: string[] = [];
  const report = new PushReport();
  report.begin(list, { text: ({ text }) => void told.push(text) });
  for (let at = 0; at < 1_500; at += 1) report.text("info", `skipping ${at}\n`);
  report.text("error", 'cannot make "a\nb"\n');
  report.text("warning", "Deletions stopped\n");
  report.text("error", "\n");
  expect(told).toHaveLength(1_502);
  expect(report.texts).toHaveLength(1_002);
  expect(report.errorTexts).toEqual(['cannot make "a\nb"']);
  expect(report.exitCode).toBe(25);
});

test.each([
  [Buffer.from('"日é" failed').toString("latin1"), '"日é" failed'],
  ['"\xe9" failed', '"\\#351" failed'],
  ["cannot convert 日", "cannot convert 日"],
])("%j is told as %j", (bytes, text) => {
  const told: string[] = [];
  const report = new PushReport();
  report.begin(list, { text: (said) => void told.push(said.text) });
  report.text("error", `${bytes}\n`);
  expect([told, report.errorTexts]).toEqual([[text], [text]]);
});

test("a file that changed while it was read is not delivered, though it is acknowledged", () => {
  const acknowledged: string[] = [];
  const report = new PushReport();
  report.begin(list, { acknowledged: ({ path }) => void acknowledged.push(path) });
  report.sent(2, { kind: "changed", bytes: 5 });
  report.acknowledge(Buffer.from([2, 0, 0, 0]));
  expect(acknowledged).toEqual([]);
  expect(report.status(2)).toEqual({ kind: "changed" });
});
