import fs from "node:fs";
import path from "node:path";
import { inProject, run } from "./command.mjs";

/**
 * The stock rsyncs to test against: the folder below `.daemons`, and the releases that fit in it.
 * "3.5.0" stands for the newest 3.5 there is.
 */
export const daemonLines = [
  { version: "3.5.0", fits: /^3\.5\./ },
  { version: "3.2.7", fits: /^3\.2\.7\b/ },
];

/** Where the rsync program of a line is, once it is prepared. */
export function daemonProgram(version) {
  return inProject(".daemons", version, "rsync");
}

/** What `program --version` says of itself, such as "3.2.7"; undefined when it does not run. */
export function releaseOf(program) {
  const said = run([program, "--version"], { timeoutMs: 10_000 });
  return said.ok ? /version v?(\S+)/.exec(said.output)?.[1] : undefined;
}

function isReady({ version }) {
  return releaseOf(daemonProgram(version)) !== undefined;
}

function link({ version }, target) {
  fs.mkdirSync(inProject(".daemons", version), { recursive: true });
  fs.rmSync(daemonProgram(version), { force: true });
  fs.symlinkSync(target, daemonProgram(version));
}

function isRoot() {
  return process.getuid?.() === 0;
}

/** The newest packaged revision whose upstream release fits; Debian lists the newest first. */
function offered({ fits }) {
  const rows = run(["apt-cache", "madison", "rsync"]).output.split("\n");
  const revisions = rows.map((row) => row.split("|")[1]?.trim() ?? "");
  return revisions.find((revision) => fits.test(revision.replace(/^\d+:/, "")));
}

function download(line, revision) {
  const folder = inProject(".daemons", line.version);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const fetched = run(["apt-get", "download", `rsync=${revision}`], { cwd: folder });
  const archive = fs.readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (!fetched.ok || archive === undefined) return false;
  const unpacked = run(["dpkg", "-x", path.join(folder, archive), folder]);
  fs.rmSync(path.join(folder, archive));
  if (unpacked.ok) link(line, "usr/bin/rsync");
  return unpacked.ok;
}

function updatePackageLists() {
  return isRoot() && run(["apt-get", "update"]).ok;
}

// The unpacked program needs its shared libraries; installing any rsync brings them.
function installLibraries() {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return isRoot() && run(["apt-get", "install", "-y", "rsync"], { env }).ok;
}

function fetchFromDebian(lines) {
  let updated = false;
  for (const line of lines) {
    let revision = offered(line);
    let fetched = revision !== undefined && download(line, revision);
    if (!fetched && !updated) {
      // The lists are missing, or so old that what they name has been replaced.
      updated = true;
      revision = updatePackageLists() ? offered(line) : undefined;
      fetched = revision !== undefined && download(line, revision);
    }
  }
  const present = lines.filter(({ version }) => fs.existsSync(daemonProgram(version)));
  if (present.some((line) => !isReady(line))) installLibraries();
}

/** The rsync that is installed on this machine, of whatever release; undefined without one. */
export function installedProgram() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, "rsync")).find((file) => fs.existsSync(file));
}

function useInstalled(lines) {
  const program = installedProgram();
  const release = program === undefined ? undefined : releaseOf(program);
  if (release === undefined) return;
  for (const line of lines) if (line.fits.test(release)) link(line, program);
}

function missing() {
  return daemonLines.filter((line) => !isReady(line));
}

/**
 * Puts the stock rsync daemons into `.daemons`: unpacked from Debian's packages beside whatever is
 * installed, or a link to the installed rsync where its release fits.
 *
 * @returns {{ ok: boolean, skipped?: boolean, problem?: string }} one line saying what to install
 *   when a daemon is missing; the tests that need it are then skipped
 */
export function prepareDaemons() {
  if (missing().length === 0) return { ok: true };
  if (!run(["apt-cache", "--version"]).missing) fetchFromDebian(missing());
  useInstalled(missing());
  const absent = missing().map(({ version }) => version);
  if (absent.length === 0) return { ok: true };
  const names = absent.join(" and ");
  return {
    ok: false,
    skipped: true,
    problem: `No rsync ${names} to test against: run "apt-get update && apt-get install rsync" as root, or put rsync ${names} on PATH; the tests that need it are skipped`,
  };
}
