import fs from "node:fs";
import { run } from "./command.mjs";

const program = "/usr/sbin/sshd";
/** Where this says so, packages start no services when they are installed, as in containers. */
const servicePolicy = "/usr/sbin/policy-rc.d";

function install() {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const argv = ["apt-get", "install", "-y", "--no-install-recommends", "openssh-server"];
  return run(argv, { env }).ok || (run(["apt-get", "update"]).ok && run(argv, { env }).ok);
}

/**
 * Makes sure that there is an sshd to test against. It is installed only where that starts nothing:
 * tests start their own, on 127.0.0.1.
 *
 * @returns {{ ok: boolean, skipped?: boolean, problem?: string }}
 */
export function prepareSshd() {
  if (fs.existsSync(program)) return { ok: true };
  const isRoot = process.getuid?.() === 0;
  if (isRoot && fs.existsSync(servicePolicy) && install()) return { ok: true };
  return {
    ok: false,
    skipped: true,
    problem: `No ${program} to test against: install openssh-server; the tests over ssh are skipped`,
  };
}
