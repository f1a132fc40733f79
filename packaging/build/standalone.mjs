/**
 * Writes `sersync-<version>-linux-<arch>.tar.gz`: the program with a Node of its own, to be unpacked
 * anywhere. It runs where the libraries of this machine's C library, or newer ones, are.
 *
 *     node packaging/build/standalone.mjs [DIRECTORY [COMPRESSION]]
 *
 * COMPRESSION is gzip's, 1 to 9, default 9.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { project, writePayload } from "./payload.mjs";

const [output = project, compression = "9"] = process.argv.slice(2);
const { version } = JSON.parse(fs.readFileSync(path.join(project, "package.json"), "utf8"));
const name = `sersync-${version}-${process.platform}-${process.arch}`;

/** Node built from parts, as some distributions do, would need those parts wherever it runs. */
function refuseSharedNode() {
  const linked = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
  const [part] = /lib(?:node|uv|v8|crypto|ssl)\.so\S*/.exec(linked) ?? [];
  if (part === undefined) return;
  throw new Error(`Cannot pack ${process.execPath}: it needs ${part}; take a Node of nodejs.org`);
}

function fill(directory) {
  const file = (...parts) => path.join(directory, ...parts);
  writePayload(file("lib/sersync"));
  fs.mkdirSync(file("bin"));
  fs.copyFileSync(path.join(project, "packaging/build/launcher.sh"), file("bin/sersync"));
  fs.chmodSync(file("bin/sersync"), 0o755);
  fs.copyFileSync(fs.realpathSync(process.execPath), file("lib/sersync/node"));
  fs.chmodSync(file("lib/sersync/node"), 0o755);
  const program = file("lib/sersync/dist/bin/sersync.js");
  fs.mkdirSync(file("conf"));
  const example = ["init", "/opt/tongbu", "rsync://127.0.0.1/tongbu1"];
  fs.writeFileSync(
    file("conf/confxml.xml"),
    execFileSync(process.execPath, [program, ...example], { env: {} }),
  );
  fs.mkdirSync(file("logs"));
  fs.writeFileSync(file("logs/.keep"), "");
  for (const each of ["LICENSE", "README.md", "README.zh-CN.md"]) {
    fs.copyFileSync(path.join(project, each), file(each));
  }
}

refuseSharedNode();
const work = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-standalone-"));
try {
  fill(path.join(work, name));
  fs.mkdirSync(output, { recursive: true });
  const archive = path.join(path.resolve(output), `${name}.tar.gz`);
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name"];
  execFileSync("tar", [
    "-C",
    work,
    ...owner,
    "-I",
    `gzip -${Number(compression)}`,
    "-cf",
    archive,
    name,
  ]);
  const { size } = fs.statSync(archive);
  console.log(`${archive}: ${(size / 1e6).toFixed(1)} MB`);
} finally {
  fs.rmSync(work, { recursive: true });
}
