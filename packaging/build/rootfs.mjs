/**
 * Writes a root file system that holds nothing but Node, its libraries and the program: what the
 * container image consists of. No shell, no package manager.
 *
 *     node packaging/build/rootfs.mjs DIRECTORY [MORE-PROGRAMS...]
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { writePayload } from "./payload.mjs";

/** Whose process it is; `nonroot` of the usual small images. */
const user = 65_532;

const [root, ...programs] = process.argv.slice(2);
if (root === undefined) throw new Error("Cannot write: the directory is missing");

/** The libraries that a program is linked with, and the linker itself, as the paths it asks for. */
function librariesOf(program) {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function copyIn(file, place = file) {
  const target = path.join(root, place);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (!fs.existsSync(target)) fs.copyFileSync(fs.realpathSync(file), target);
}

function makeDirectory(place, mode, owner) {
  const directory = path.join(root, place);
  fs.mkdirSync(directory, { recursive: true });
  fs.chmodSync(directory, mode);
  if (owner !== undefined && process.getuid?.() === 0) fs.chownSync(directory, owner, owner);
}

function write(place, text) {
  fs.mkdirSync(path.join(root, path.dirname(place)), { recursive: true });
  fs.writeFileSync(path.join(root, place), text);
}

copyIn(process.execPath, "/usr/bin/node");
for (const program of programs) copyIn(program);
for (const library of new Set([process.execPath, ...programs].flatMap(librariesOf)))
  copyIn(library);
writePayload(path.join(root, "opt/sersync"));
write(
  "/etc/passwd",
  `root:x:0:0::/:/nologin\nsersync:x:${user}:${user}::/var/lib/sersync:/nologin\n`,
);
write("/etc/group", `root:x:0:\nsersync:x:${user}:\n`);
write("/etc/nsswitch.conf", "hosts: files dns\n");
write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
for (const place of ["/dev", "/proc", "/data"]) makeDirectory(place, 0o755);
makeDirectory("/tmp", 0o1777);
makeDirectory("/var/lib/sersync", 0o700, user);
makeDirectory("/run/sersync", 0o700, user);
makeDirectory("/srv/backup", 0o755, user);
