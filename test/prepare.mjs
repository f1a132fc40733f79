import fs from "node:fs";
import { pathToFileURL } from "node:url";
import { inProject, run, runNode } from "./support/command.mjs";
import { prepareDaemons } from "./support/daemons.mjs";
import { prepareSshd } from "./support/sshd-program.mjs";

/**
 * What a step of the preparation came to. `problem` is one line for a person; a step that is
 * `skipped` leaves something out that can be done without.
 *
 * @typedef {{ ok: boolean, skipped?: boolean, problem?: string }} Outcome
 */

function modifiedMs(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Installs the packages of the lock file, unless they are there.
 *
 * @returns {Outcome}
 */
export function preparePackages() {
  // npm writes this file last, so a broken installation is older than the lock file, too.
  const installed = modifiedMs(inProject("node_modules/.package-lock.json"));
  if (installed >= modifiedMs(inProject("package-lock.json"))) return { ok: true };
  const npm = process.env.npm_execpath;
  const argv = npm === undefined ? ["npm"] : [process.execPath, npm];
  // Not "npm ci": it demands every platform's optional packages in the lock file, and a registry
  // that has not all of them leaves some out. "install" takes the locked versions just the same.
  const done = run([
    ...argv,
    "install",
    "--no-save",
    "--ignore-scripts",
    "--include=dev",
    "--no-audit",
    "--no-fund",
  ]);
  if (!done.ok) return { ok: false, problem: `Cannot install the packages: ${done.output.trim()}` };
  fs.utimesSync(inProject("node_modules/.package-lock.json"), new Date(), new Date());
  return { ok: true };
}

function newestBelow(folder) {
  let newest = modifiedMs(folder);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = `${folder}/${entry.name}`;
    newest = Math.max(newest, entry.isDirectory() ? newestBelow(file) : modifiedMs(file));
  }
  return newest;
}

/** What the build is made by. */
const makers = ["tsconfig.json", "package-lock.json", "test/support/bundle.mjs"];

function newestSource() {
  const settings = makers.map((file) => modifiedMs(inProject(file)));
  return Math.max(...settings, newestBelow(inProject("src")), newestBelow(inProject("protocol")));
}

const emitted = /(\.d\.ts|\.js\.map|\.js)$/;

// A module that was renamed would otherwise stay importable, and be packed.
function removeLeftovers(folder) {
  for (const entry of fs.readdirSync(inProject("dist", folder), { withFileTypes: true })) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) removeLeftovers(file);
    else if (emitted.test(file) && !fs.existsSync(inProject(file.replace(emitted, ".ts"))))
      fs.rmSync(inProject("dist", file));
  }
}

/**
 * Compiles `src` and `protocol` to `dist`, and bundles the program to `dist/bin`, unless nothing
 * changed since the last time.
 *
 * @returns {Promise<Outcome>}
 */
export async function build() {
  const stamp = inProject("dist/protocol/index.js");
  if (modifiedMs(stamp) >= newestSource()) return { ok: true };
  const startedAt = new Date();
  const done = runNode("node_modules/typescript/bin/tsc", ["-p", ".", "--noEmitOnError"]);
  if (!done.ok) return { ok: false, problem: `Cannot build: ${done.output.trim()}` };
  for (const folder of ["src", "protocol"]) {
    if (fs.existsSync(inProject("dist", folder))) removeLeftovers(folder);
  }
  const { bundlePage, bundleProgram } = await import("./support/bundle.mjs"); // a package: installed only now
  await bundleProgram();
  bundlePage();
  fs.chmodSync(inProject("dist/bin/sersync.js"), 0o755);
  // What was saved while the compiler ran may have missed it.
  fs.utimesSync(stamp, startedAt, startedAt);
  return { ok: true };
}

const steps = { packages: preparePackages, build, daemons: prepareDaemons, sshd: prepareSshd };

/** Runs the named steps, all of them when none is named; returns the exit code. */
async function main(names) {
  let exitCode = 0;
  for (const name of names.length > 0 ? names : Object.keys(steps)) {
    const step = steps[name];
    if (step === undefined) {
      console.error(`Cannot prepare ${name}: the steps are ${Object.keys(steps).join(", ")}`);
      return 1;
    }
    const { ok, skipped, problem } = await step();
    if (problem !== undefined) console.error(problem);
    if (!ok && !skipped) exitCode = 1;
  }
  return exitCode;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2));
}
