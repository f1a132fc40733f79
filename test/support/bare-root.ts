import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { inProject } from "./command.mjs";

const user = 65_532;

/** Makes the root read-only but for the places that an image has in memory, and goes in. */
const enter = `
root=$1 readonly=$2; shift 2
mount --bind "$root" "$root"
for place in tmp var/lib/sersync run/sersync; do
  mount -t tmpfs -o mode=0700,uid=${user},gid=${user} none "$root/$place"
done
if [ "$readonly" = yes ]; then mount -o remount,bind,ro "$root"; fi
cd "$root"
exec /usr/sbin/chroot --userspec=${user}:${user} --groups= "$root" "$@"
`;

/** True where a process may have mounts of its own and change its root and its user. */
export const canUnshare: boolean =
  process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;

/** A root file system of its own; disposing it removes it. */
export interface BareRoot extends Disposable {
  readonly path: string;
  /** Starts a program in it, as nobody in particular, with this environment and no other. */
  readonly start: (
    argv: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ) => ChildProcess;
  /** Runs one to its end. */
  readonly run: (
    argv: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly exitCode: number | null; readonly output: string }>;
}

/**
 * Makes a root file system with what `fill` puts there.
 *
 * @param isReadOnly false: the user may write where it may.
 */
export function bareRoot(fill: (root: string) => void, isReadOnly = true): BareRoot {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-root-"));
  fs.chmodSync(root, 0o755);
  fill(root);
  const start: BareRoot["start"] = (argv, environment = {}) =>
    spawn(
      "/usr/bin/unshare",
      ["--mount", "/bin/sh", "-c", enter, "sh", root, isReadOnly ? "yes" : "no", ...argv],
      { env: environment, stdio: ["ignore", "pipe", "pipe"] },
    );
  return {
    path: root,
    start,
    run: async (argv, environment) => untilEnded(start(argv, environment)),
    [Symbol.dispose]: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}

/** Fills a root with what the container image holds, and perhaps more programs of this machine. */
export function fillImage(root: string, ...programs: string[]): void {
  const argv = [inProject("packaging/build/rootfs.mjs"), root, ...programs];
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot fill ${root}: ${stderr}`);
}

async function untilEnded(child: ChildProcess) {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, output };
}
