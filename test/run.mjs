import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { build, preparePackages } from "./prepare.mjs";
import { runNode } from "./support/command.mjs";
import { installedProgram, prepareDaemons } from "./support/daemons.mjs";
import { addCounts, countTests, formatCount } from "./support/report.mjs";
import { prepareSshd } from "./support/sshd-program.mjs";

/** Far above what it takes: a machine that is busy elsewhere is no failure. */
const vitestDeadlineMs = 900_000;
const demoDeadlineMs = 90_000;
const onTerminal = process.stdout.isTTY === true;

function paint(color, text) {
  return onTerminal ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function ok(done) {
  return { ok: done.ok, problem: done.ok ? undefined : done.output.trimEnd() };
}

/** What a newcomer runs first must work, too; it needs any rsync for its destination. */
function runDemo() {
  if (prepareDaemons().skipped && installedProgram() === undefined) return { skipped: true };
  return ok(runNode("test/demo/run.mjs", [], { timeoutMs: demoDeadlineMs }));
}

/** Every step counts as one test. Packages come first: everything else runs on them. */
const steps = [
  ["packages", preparePackages],
  ["stock rsync daemons", prepareDaemons],
  ["sshd", prepareSshd],
  [
    "types of the program",
    () => ok(runNode("node_modules/typescript/bin/tsc", ["-p", ".", "--noEmit"])),
  ],
  [
    "types of the status page",
    () => ok(runNode("node_modules/typescript/bin/tsc", ["-p", "src/status/page"])),
  ],
  ["types of the tests", () => ok(runNode("node_modules/typescript/bin/tsc", ["-p", "test"]))],
  ["biome", () => ok(runNode("node_modules/@biomejs/biome/bin/biome", ["check", "."]))],
  ["oxlint", () => ok(runNode("node_modules/oxlint/bin/oxlint", ["--type-aware"]))],
  ["build", build],
  ["demo", runDemo],
];

async function takeStep([name, step]) {
  const startedAt = performance.now();
  const { ok: passed, skipped = false, problem } = await step();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = passed ? paint(32, "ok  ") : skipped ? paint(33, "skip") : paint(31, "FAIL");
  console.log(`${verdict} ${name} (${seconds} s)`);
  if (problem !== undefined) console.log(problem);
  return { passed: passed ? 1 : 0, failed: passed || skipped ? 0 : 1, skipped: skipped ? 1 : 0 };
}

function readReport(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : undefined;
}

function runVitest(project) {
  console.log(`\n${paint(1, `${project} tests`)}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-report-"));
  const report = path.join(folder, "report.json");
  const argv = ["run", "--project", project, "--passWithNoTests", "--reporter=default"];
  // Interop tests wait most of their time: more of them than cores go on side by side.
  if (project === "interop") argv.push("--maxWorkers=4");
  const done = runNode(
    "node_modules/vitest/vitest.mjs",
    [...argv, "--reporter=json", `--outputFile.json=${report}`],
    { show: true, timeoutMs: vitestDeadlineMs },
  );
  if (done.output !== "") console.log(done.output.trimEnd());
  const count = countTests(readReport(report), done.ok);
  fs.rmSync(folder, { recursive: true });
  return count;
}

async function main() {
  const counts = [await takeStep(steps[0])];
  if (counts[0].failed === 0) {
    for (const step of steps.slice(1)) counts.push(await takeStep(step));
    // Where it is set, each of a thousand processes would read hundreds of certificates first: 70 ms.
    delete process.env.NODE_EXTRA_CA_CERTS;
    counts.push(runVitest("unit"), runVitest("interop"));
  }
  const total = addCounts(counts);
  console.log(`\n${formatCount(total)}`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
