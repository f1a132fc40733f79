import fs from "node:fs";
import { expect, test } from "vitest";
import { inProject, run } from "../support/command.mjs";
import { receiveDatagrams } from "../support/datagrams.ts";
import { workplace } from "../support/service.ts";
import { temporaryDirectory } from "../support/tree.ts";

const isLinux = process.platform === "linux";

test.skipIf(!isLinux).each(["in the file system", "abstract"])(
  "a service manager whose socket is %s is told of every step",
  async (where) => {
    using source = temporaryDirectory();
    await using at = workplace({ source: source.path, port: 9, remotes: [{ module: "m" }] });
    const address = where === "abstract" ? `@sersync-${process.pid}` : `${at.directory}/notify`;
    using manager = receiveDatagrams(address);
    const heard: string[] = [];
    const hears = (wanted: RegExp) =>
      expect
        .poll(() => heard.push(...manager.take()) && heard.join("\n"), { timeout: 30_000 })
        .toMatch(wanted);
    // A sign of life twice a second: few datagrams fit in while nobody takes them.
    const environment = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "1000000" };
    const running = at.launch(["-o", at.file], environment);
    await hears(/^EXTEND_TIMEOUT_USEC=\d+$/m);
    await hears(new RegExp(`^READY=1\nMAINPID=${running.pid}$`, "m"));
    await running.says(({ msg }) => msg.startsWith("Watching "));
    // Well, or already noticed to be away.
    await hears(/^STATUS=0 paths to deliver to 1 target; \S/m);
    await hears(/^WATCHDOG=1\n(?:.*\n)*WATCHDOG=1$/m);
    const before = process.hrtime.bigint() / 1_000n;
    running.kill("SIGHUP");
    await hears(/^RELOADING=1\nMONOTONIC_USEC=\d+\n(?:.*\n)*READY=1$/m);
    const [, told = "0"] = /MONOTONIC_USEC=(\d+)/.exec(heard.join("\n")) ?? [];
    expect(BigInt(told)).toBeGreaterThan(before);
    running.kill("SIGTERM");
    await hears(/^STOPPING=1$/m);
    expect(await running.ended).toBe(0);
  },
);

test("without a service manager, or with one that is gone, it runs all the same", async () => {
  using source = temporaryDirectory();
  await using at = workplace({ source: source.path, port: 9, remotes: [{ module: "m" }] });
  const running = at.launch(["-o", at.file], { NOTIFY_SOCKET: `${at.directory}/nowhere` });
  await running.says(({ msg }) => msg.startsWith("Watching "));
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

const hasAnalyzer = run(["systemd-analyze", "--version"]).ok;

test.skipIf(!hasAnalyzer).each(["sersync.service", "sersync@.service"])(
  "systemd finds nothing wrong with %s",
  (name) => {
    using directory = temporaryDirectory();
    // A template is looked at as one of its instances.
    const file = `${directory.path}/${name.replace("@", "@a")}`;
    fs.copyFileSync(inProject("packaging/systemd", name), file);
    const { ok, output } = run(["systemd-analyze", "verify", "--man=no", file]);
    expect([ok, output]).toEqual([true, ""]);
  },
);

test.skipIf(!run(["systemd-sysusers", "--version"]).ok)(
  "systemd makes the user for the units",
  () => {
    using root = temporaryDirectory();
    fs.mkdirSync(`${root.path}/etc`);
    const file = inProject("packaging/systemd/sysusers.conf");
    run(["systemd-sysusers", `--root=${root.path}`, file]);
    expect(fs.readFileSync(`${root.path}/etc/passwd`, "utf8")).toMatch(
      /^sersync:x:\d+:\d+:[^:]+:\/var\/lib\/sersync:/,
    );
  },
);
