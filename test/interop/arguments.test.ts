import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { pushArguments } from "../../protocol/handshake/argv.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
import { makeTree, temporaryDirectory } from "../support/tree.ts";

/**
 * What is meant to differ: our list comes in one piece, `--timeout` is ours to watch, and numbers
 * of the rest of the transfer, `--bwlimit`, are ours to obey. A compression level alone switches
 * compression on by `-z`, and `--compress-choice=none` is not spoken of.
 */
const lines = [
  "-a",
  "-rlt",
  "-av",
  "-aR",
  "-d",
  "-d --delete",
  "-aH",
  "-n -a",
  "-ai",
  "-aii",
  "-a --progress",
  "-a --stats",
  "-a --out-format=%o",
  "-a --delete",
  "-a --delete-before",
  "-a --delete --delete-excluded",
  "-a --delete-after --delete-excluded",
  "-a --max-delete=0 --delete",
  "-a --ignore-errors --delete --force",
  "-am",
  "-a --delete-missing-args",
  "-a --delete-missing-args --force",
  "-a --delete-during",
  "-a --delete-delay --max-delete=5",
  "-r --delete-excluded",
  "-a --chmod=F644,D755",
  "-a --bwlimit=0",
  "-a --ignore-missing-args",
  "-avvv",
  "-a --link-dest=/base --copy-links",
  "-a --copy-dest=x",
  "-ax",
  "-ay --no-t --no-p",
  "-a --no-implied-dirs",
  "-aOJ --size-only --update",
  "-rlptgo --no-links --super",
  "-a --info=progress2",
  "-a --info=name2,skip,flist0,remove --stats --ignore-errors --link-dest=/b --append",
  "-a --info=del,NONE,stats9,name",
  "-ai --info=all2,del0 --info=nonreg0",
  "-r --delete-during --delete-delay",
  "-a --delete --files-from=/dev/null",
  "-a --specials --no-devices",
  "-a --block-size=131072",
  "-a --partial --inplace",
  "-a --partial --append",
  "-a --backup",
  "-a --suffix=.old -b",
  "-a -M--log-file=x",
  "-a --log-file=/dev/null",
  "-aE",
  "-rE",
  "-aKOJy",
  "-a --max-size=1m --min-size=2k",
  "-a --partial-dir=p --delay-updates",
  "-aP",
  "-aP --partial-dir=./p//q/",
  "-aP --partial-dir=.",
  "-a --partial-dir=",
  "-ab -8 --backup-dir=данные --suffix=.é --partial-dir=ж/ --link-dest=../ж -T ж --usermap=é:0 -M--x=é",
  "-a --safe-links --numeric-ids",
  "-a --compare-dest=../a --compare-dest=/b",
  "-a --inplace",
  "-a --cc=md5",
  "-ac --checksum-choice=xxh64,md5",
  "-a --cc=xxhash",
  "-a --cc=none",
  "-a --cc=auto",
  "-a --checksum-seed=-5 --modify-window=1",
  "-a --checksum-seed=0",
  "-az",
  "-az --zc=lz4",
  "-a --zc=zlib",
  "-az --new-compress",
  "-az --old-compress --compress-level=3",
  "-az --compress-level=0",
  "-az --skip-compress=gz/jpg",
  "-a --append",
  "-a --append --inplace",
  "-a --append-verify",
  "-a --append --append",
  "-aX",
  "-rA",
  "-rAE",
  "-aAXHS",
  "-aL",
  "-ak",
  "-aLk --munge-links",
  "-a --copy-unsafe-links --safe-links",
  "-aR --no-implied-dirs",
  "-a --remove-source-files",
  "-a --preallocate --fsync --mkpath",
  "-a -M--fake-super",
  "-a --backup --backup-dir=b --suffix=x",
  "-aS --existing --ignore-existing --size-only",
  "-acuIW -B512",
  "-a --no-D",
  "-a --devices --no-specials",
  "-a --modify-window=-1 -T /tmp",
  "-rCFF --checksum -I --delete --write-devices --append",
  "-aU --copy-devices --write-devices",
  "-aUUXXxx --old-dirs",
  "-aUX --no-U --open-noatime --preallocate --mkpath --remove-source-files",
  "-axzz --no-x",
  "-azzz --zl=3",
  "-az --zt=2 --compress-level=3",
  "-az --no-z -z",
  "-d --old-d",
  "-aR --no-i-d",
  "-aR --no-i-d --i-d",
  "-a --drop-D --insecure-links --trust-sender --old-args --no-s",
  "-a --outbuf=N --stderr=errors --max-alloc=1g",
  "-ai --max-delete=-1 --delete --no-i --stop-after=5 --stop-at=23:59 --no-iconv --motd",
  "-aS --iconv=utf8,iso88591 --numeric-ids --ignore-existing --safe-links --fsync",
  "-a --iconv=. --usermap=a:b --existing",
  "-a --timeout=7 --no-timeout --bwlimit=5 --no-bwlimit --no-contimeout --no-from0 -8 --no-8",
];

/** What a push does not have, in the order of rsync's help. */
const notHere = [
  "--debug",
  "--confine-root",
  "--crtimes",
  "-N",
  "--fake-super",
  "--copy-as",
  "--sockopts",
  "--list-only",
  "--write-batch",
  "--only-write-batch",
  "--read-batch",
  "--version",
  "-V",
  "--help",
];

describe.skipIf(!daemonVersions.includes("3.5.0"))("the arguments of rsync 3.5.0 are ours", () => {
  test("for every option of a push", async () => {
    await using daemon = await startDaemon({ version: "3.5.0", modules: { m: {} } });
    using work = temporaryDirectory();
    makeTree(work.path, { file: "" });
    const url = `rsync://127.0.0.1:${daemon.port}/m/`;
    const environment = { RSYNC_PARTIAL_DIR: "./kept/" };
    const theirs = lines.map((line) => {
      const words = [...line.split(" "), "--no-i-r", "-vv", "file", url];
      const settings = { cwd: work.path, encoding: "latin1", env: environment } as const;
      const ran = spawnSync(rsyncProgram("3.5.0"), words, settings);
      return `${line}: ${/sending daemon args: (.*?) {2}\(/.exec(ran.stdout)?.[1]?.replaceAll('"', "")}`;
    });
    const mine = lines.map((line) => {
      const words = [...line.split(" "), "--no-i-r", "-vv", "file", url];
      const { transfer, features } = parsePush(words, environment);
      return `${line}: ${pushArguments("m/", transfer, features).join(" ")}`;
    });
    expect(mine).toEqual(theirs);
  });

  test("and every option that its help names is taken, or refused with a reason", () => {
    const { stdout } = spawnSync(rsyncProgram("3.5.0"), ["--help"], { encoding: "utf8" });
    const told = stdout
      .split("\n")
      .flatMap((line) => /^(-.*?)(?: {2,}| \(|$)/.exec(line)?.[1] ?? []);
    const names = told.flatMap((each) => each.split(", ")).filter((name) => name !== "--no-OPTION");
    expect(names.length).toBeGreaterThan(180);
    const answers = names.map((name) => {
      try {
        parsePush(["-r", name, "a", "host::m/"], {});
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(answers.filter((answer) => answer.includes("no such option"))).toEqual([]);
    const refused = answers.flatMap(
      (answer) => /^(-\S+)(?= .*is not available: ...)/.exec(answer)?.[1] ?? [],
    );
    expect([...new Set(refused)]).toEqual(notHere);
  });
});
