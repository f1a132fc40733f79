import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { daemonVersions } from "../support/daemon.ts";
import { PushPair, pairTime, type Ran } from "../support/push-pair.ts";
import { expectEqualTrees } from "../support/tree.ts";

/** Without what cannot be equal: bytes on the wire, times, and what helps to debug rsync. */
function comparable({ out }: Ran): string[] {
  const lines = out
    .replaceAll(/sent [\d,.KM]+ bytes .*sec/g, "sent …")
    .replaceAll(/speedup is [\d,.]+/g, "speedup is …")
    .replaceAll(/(Total bytes (?:sent|received)|File list .*): .*/g, "$1: …")
    .split("\n")
    .filter((line) => !/^(opening tcp connection|sending daemon args|total: matches)/.test(line));
  // The daemon's messages overtake its items, or not.
  if (lines.some((line) => line.startsWith("skipping non-regular"))) return lines.sort();
  const isDeletion = (line: string): boolean => /^(\*deleting|deleting |del\.)/.test(line);
  return [...lines.filter((line) => !isDeletion(line)), ...lines.filter(isDeletion)];
}

describe.skipIf(!daemonVersions.includes("3.5.0"))("sersync push beside rsync 3.5.0", () => {
  let pair: PushPair;

  beforeAll(async () => {
    pair = await PushPair.start();
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  test.each([
    ["-a src/"],
    ["-ai src/"],
    ["-aii src/"],
    ["-av src/"],
    ["-avv src/"],
    ["-ain src/"],
    ["-avn src/"],
    ["-aiv src/"],
    ["-a --stats src/"],
    ["-an --stats src/"],
    ["-ah --stats src/"],
    ["-a --no-h --stats src/"],
    ["-aq src/"],
    ["-rti src/"],
    ["-rlptgoD -i src"],
    ["-ri src/"],
    ["-rlti --no-t src/"],
    ["-i src/a"],
    ["-i src"],
    ["-di src/"],
    ["-di src"],
    ["-ldi src/dir src/link src/a"],
    ["-aiR src/dir/deep"],
    ["-aiR ./src/dir/deep/er"],
    ["-aiR src/./dir/deep src/./a"],
    ["-aiR --no-implied-dirs src/dir/deep/er"],
    ["-ai --files-from=names src"],
    ["-air --files-from=names src"],
    ["-ai --no-R --files-from=names src"],
    ["-ai --delete src/"],
    ["-av --delete src/"],
    ["-ain --delete src/"],
    ["-ai --delete-before src/"],
    ["-ai --delete-after src/"],
    ["-av --delete-delay src/"],
    ["-ai --delete --exclude=*.log src/"],
    ["-ai --delete --delete-excluded --exclude=*.log src/"],
    ["-ai --delete --exclude-from=rules src/"],
    ["-ai --delete -f P_gone -f -_*.log src/"],
    ["-ai --delete --include=/dir/*** --exclude=/dir --exclude=/* src/"],
    ["-ai --include=*/ --include=*.txt --exclude=* -m src/"],
    ["-aic src/"],
    ["-aiI src/"],
    ["-aiu src/"],
    ["-ai --size-only src/"],
    ["-ai --existing src/"],
    ["-ai --ignore-existing src/"],
    ["-ai --max-size=1k src/"],
    ["-ai --min-size=1k src/"],
    ["-aiW src/"],
    ["-aiz src/"],
    ["-ai --inplace src/"],
    ["-ai --chmod=F600 src/"],
    ["-aib --suffix=.old src/"],
    ["-ai --partial-dir=.part --delay-updates src/"],
    ["-a --out-format=%o:%n:%l:%B:%M src/"],
    ["-a --delete --cc=md5 --out-format=%i|%-12n|%L|%-9L|%f|%012U|%G|%m|%a|%q|%'b|%% src/"],
    ["-rlpt --cc=xxh64 --out-format=%-12i|%9b|%'c|%C|%f|%U|%G|%''l|%5'l src/ src/dir/../script"],
    ["-rtc --no-i-r --cc=md5,sha1 --out-format=%i|%C|%n src/"],
    ["-rtcii --cc=xxh64 --out-format=%i|%C|%n src/"],
    ["-rtn --cc=md4 --out-format=%i|%b|%c|%C src/"],
    ["-aR --cc=none --protocol=30 --out-format=%C|%b|%f ./src/dir src/a"],
    ["-a --protocol=29 --out-format=%i|%b|%c|%C|%n src/"],
    ["-a --info=name,del --delete src/"],
    ["-a --info=name --delete src/"],
    ["-av --info=none --delete src/"],
    ["-a --info=name0,stats0 --progress --no-progress --stats src/"],
    ["-rt --out-format=%n --delete src/"],
    ["-ai --delete-before --delete-delay src/"],
    ["-ai --delete --files-from=names src"],
    ["-ai --protocol=28 --delete-excluded --exclude=*.log src/"],
    ["-ai --protocol=28 --fuzzy src/"],
    ["-ai --protocol=28 -m src/"],
    ["-ai --protocol=28 --link-dest=x --inplace src/"],
    ["-ai --protocol=28 --link-dest=x --link-dest=y src/"],
    ["-aiR src/./a/ src/./link/. src/dir/"],
    ["-ai --ignore-missing-args nothing nothing/ src/a/ src/b.txt"],
    ["-rti --delete-missing-args nothing/gone src/a"],
    ["-ai --delete nothing src/"],
    ["-a --info=stats2 src/"],
    ["-aiv --info=stats0,flist0 src/"],
    ["-ai --no-motd src/"],
    ["-ai --ignore-missing-args nothing src/a"],
    ["-ai nothing src/a"],
    ["-ai src/a src/dir src/b.txt"],
    ["-ai --protocol=30 src/"],
    ["-ai --protocol=29 --delete src/"],
    ["-ai --mkpath src/"],
    ["-tv src/a src/dir"],
    ["-dtv src/a"],
    ["-tv --no-R --files-from=names src"],
  ])("rsync %s", async (line) => {
    const words = line.split(" ").map((word) => word.replaceAll("_", " "));
    const { theirs, mine } = await pair.both(words);
    expect({ exitCode: mine.exitCode, lines: comparable(mine) }).toEqual({
      exitCode: theirs.exitCode,
      lines: comparable(theirs),
    });
    expect(mine.err === "").toBe(theirs.err === "");
    // With -b rsync leaves the times of directories alone.
    const times = /^-\w*[ta]/.test(line) && !/--no-t|--no-implied|--suffix/.test(line);
    // Not every list has the root in it, whose time is then that of the last change.
    for (const module of ["stock", "ours"])
      fs.utimesSync(pair.daemon.path(module), pairTime, pairTime);
    expectEqualTrees(pair.daemon.path("stock"), pair.daemon.path("ours"), { times });
  });

  test("--progress tells of a file at its first piece, and at its end", async () => {
    const { theirs, mine } = await pair.both([
      "-r",
      "--progress",
      "src/b.txt",
      "src/dir",
      "src/empty",
    ]);
    const states = ({ out }: Ran): string[] =>
      out.replaceAll(/ +[\d.]+[kMG]B\/s/g, "").split(/[\r\n]/);
    expect(states(mine)).toEqual(states(theirs));
  });
});
