import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { runPull } from "../../protocol/index.ts";
import { parsePull } from "../../src/cli/pull/command.ts";
import { daemonVersions, rsyncProgram } from "../support/daemon.ts";
import { startPeer } from "../support/peer.ts";
import { temporaryDirectory } from "../support/tree.ts";

/** What a daemon hears of options, before it hangs up. */
async function argumentsOf(start: (url: string, destination: string) => Promise<unknown>) {
  using work = temporaryDirectory();
  await using peer = await startPeer((socket) => {
    socket.write("@RSYNCD: 32.0 sha512\n");
    let heard = "";
    socket.on("data", (chunk: Buffer) => {
      const isFirst = !heard.includes("\nm\n");
      heard += chunk.toString("latin1");
      if (isFirst && heard.includes("\nm\n")) socket.write("@RSYNCD: OK\n");
      const vectors = heard.includes("\0-s") ? 2 : 1; // behind -s there is another
      if (heard.endsWith("\0\0") && heard.split("\0\0").length > vectors) socket.destroy();
    });
  });
  await start(`rsync://127.0.0.1:${peer.port}/m/sub/`, `${work.path}/`);
  const heard = (await peer.received()).toString("latin1");
  return heard.slice(heard.indexOf("\nm\n") + 3).split("\0");
}

const options = [
  "-a",
  "-a --no-i-r",
  "-rlt",
  "-az",
  "-aH",
  "-aR",
  "-aW",
  "-aS",
  "-anu",
  "-acI",
  "-aLk",
  "-ax",
  "-axL --copy-unsafe-links",
  "-aE -O -J",
  "-rltE",
  "-d",
  "-a -K -m -y",
  "-ab",
  "-ab --suffix=.bak",
  "-a --backup-dir=bk",
  "-a --backup-dir=bk --suffix=.old",
  "-a --partial",
  "-a --partial-dir=.rp",
  "-a --delay-updates",
  "-a --temp-dir=/tmp",
  "-a --inplace",
  "-a --append",
  "-a --append-verify",
  "-a --fsync --preallocate",
  "-a --compare-dest=/a --compare-dest=/b",
  "-a --link-dest=/a",
  "-a --delete",
  "-a --delete-before",
  "-a --delete-delay --max-delete=5 --force",
  "-a --delete-after --delete-excluded",
  "-a --ignore-errors --delete",
  "-a --existing --ignore-existing --size-only",
  "-a --max-size=10m --min-size=1",
  "-a --modify-window=1",
  "-a --numeric-ids",
  "-a --chown=1:2",
  "-a --chmod=F644",
  "-a --safe-links",
  "-a --ignore-missing-args",
  "-a --remove-source-files",
  "-aR --no-implied-dirs",
  "-ai --log-file=/dev/null --log-file-format=%i --copy-devices --no-R --files-from=/dev/null",
  "-a --files-from=/dev/null",
  "-ar --files-from=/dev/null -0 --no-i-d",
  "-a --no-R --files-from=/dev/null --delete",
  "-as --files-from=:/a*[b'\\c --from0", // as ours are where there is a backslash
  "-a --no-R --inplace --files-from=127.0.0.1:names --no-i-d",
  "-a --bwlimit=1.5m",
  "-a -B 4096",
  "-az --compress-level=3",
  "-a --zc=zlibx",
  "-a --no-D",
  "-a --no-devices",
  "-a --no-specials",
  "-a --iconv=utf8,latin1 --munge-links",
  "-az --iconv=utf8",
];

describe.skipIf(!daemonVersions.includes("3.5.0"))("what a daemon hears of a pull", () => {
  test.each(options)("%s: the same as from rsync 3.5.0", async (words) => {
    const said = words.split(" ");
    const stock = await argumentsOf(async (url, destination) => {
      const client = spawn(rsyncProgram("3.5.0"), [...said, url, destination], { stdio: "ignore" });
      await once(client, "exit");
    });
    const ours = await argumentsOf(async (url, destination) => {
      const command = parsePull([...said, url, destination], {});
      if (command.kind !== "pull") throw new TypeError("a listing was read");
      await runPull({ ...command, wildcards: true }).catch(() => {});
    });
    expect(ours).toEqual(stock);
  });
});
