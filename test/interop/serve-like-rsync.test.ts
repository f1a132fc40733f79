import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { daemonVersions, startDaemon } from "../support/daemon.ts";
import { runRsync, serveModule } from "../support/served.ts";
import { makeTree, readTree, treeDifferences } from "../support/tree.ts";

const version = "3.5.0";

/** What lies in the module, and what the client has: much the same, and some of it not. */
function fill(module: string, client: string): void {
  for (const root of [module, client]) {
    makeTree(root, {
      "a.txt": "alpha",
      "b.txt": "beta",
      "d/one": "1",
      "d/sub/two": "22",
      "d/sub/.cvsignore": "two there",
      "d/link": { type: "symlink", target: "one" },
      "d/sub/up": { type: "symlink", target: "../../a.txt" },
      linked: { type: "symlink", target: "d/sub" },
      "e/x y": "blank",
      "e/[z]": "bracket",
      "same size": root === module ? "abc" : "xyz",
    });
  }
  makeTree(module, {
    "only there": "t",
    "there/deep/f": "f",
    "d/sub/there": "ignored",
    "d/old.bak": "ignored everywhere",
    "c.o": "object",
    names: "a.txt\ne\n",
  });
  makeTree(client, { "only here": "h", "here/deep/f": "f", "c.o": "other", "b.txt": "changed" });
  for (const root of [module, client]) {
    // What is in a directory comes before it: making it would change the directory's time.
    for (const at of [...readTree(root).keys()].toReversed()) {
      const isOld = at === "b.txt" && root === client;
      const seconds = isOld ? 1_500_000_000 : 1_700_000_000 + at.length;
      fs.lutimesSync(path.join(root, at), seconds, seconds);
    }
  }
}

/** `M` stands for the module's URL, `C` for the client's directory. */
async function runAtBoth(words: readonly string[]): Promise<void> {
  await using stock = await startDaemon({ version, modules: { m: {} } });
  await using served = await serveModule();
  const results = [];
  for (const [port, module] of [
    [stock.port, stock.path("m")],
    [served.port, served.path],
  ] as const) {
    const client = path.join(served.here, String(port));
    fill(module, client);
    fs.writeFileSync(path.join(served.here, "names"), "a.txt\nd/./sub/two\nd/one\nnot there\n");
    const said = words.map((word) =>
      word
        .replace(/^M\b/, `rsync://127.0.0.1:${port}/m`)
        .replace(/\bC\b/, client)
        .replace(/\bF\b/, path.join(served.here, "names")),
    );
    const { code, output, errors } = await runRsync(version, ["--no-h", ...said]);
    results.push({
      code,
      output: output.replaceAll(client, "C").split("\n").sort(),
      isQuiet: errors === "",
      module,
      client,
    });
  }
  const [theirs, ours] = results as [(typeof results)[0], (typeof results)[0]];
  expect(ours.code).toBe(theirs.code);
  expect(ours.isQuiet).toBe(theirs.isQuiet);
  expect(ours.output).toEqual(theirs.output);
  for (const side of ["module", "client"] as const) {
    const [wanted, found] = [readTree(theirs[side]), readTree(ours[side])];
    expect(treeDifferences(wanted, found, { times: false, owners: true })).toEqual([]);
  }
}

const pulls: readonly (readonly string[])[] = [
  ["M/"],
  ["-r", "M/"],
  ["--list-only", "M/d"],
  ["-a", "M/", "C"],
  ["-ai", "M/d", "M/a.txt", "C"],
  ["-aiR", "M/d/sub/two", "M/a.txt", "C"],
  ["-aiR", "M/./d/./sub", "C"],
  ["-ai", "M/*.txt", "M/e*", "C"],
  ["-ai", "M/d/[os]*", "C"],
  ["-ai", "M/e/x y", "C"],
  ["-ais", "M/e/x y", "M/*.o", "C"],
  ["-ai", "--files-from=F", "M/", "C"],
  ["-ai", "--protocol=30", "--files-from=F", "--exclude=two", "M/", "C"],
  ["-air", "--protocol=30", "--no-R", "--files-from=F", "M/", "C"],
  ["-ai", "--files-from=:names", "M/", "C"],
  ["-air", "--no-R", "--files-from=:/./names", "--from0", "M/", "C"],
  ["-ai", "--no-implied-dirs", "--protocol=29", "--files-from=F", "M/d", "C"],
  ["-ai", "--no-implied-dirs", "--files-from=F", "M/", "C"],
  ["-ai", "--exclude=*.o", "--include=/d/", "--exclude=sub", "M/", "C"],
  ["-aiC", "M/", "C"],
  ["-aiC", "--protocol=28", "--delete", "M/", "C"],
  ["-ai", "--filter=:C", "--filter=-C", "M/", "C"],
  ["-ai", "M/missing", "M/a.txt", "C"],
  ["-ai", "--ignore-missing-args", "M/missing", "M/a.txt", "C"],
  ["-ai", "--remove-source-files", "M/d/", "C"],
  ["-di", "M/", "C"],
  ["-ain", "--delete", "M/", "C"],
  ["-aic", "--delete", "M/", "C"],
  ["-aiI", "M/", "C"],
  ["-rlpti", "--existing", "M/", "C"],
  ["-ai", "--max-size=3", "M/", "C"],
  ["-aiz", "--zc=lz4", "M/", "C"],
  ["-ai", "--zl=3", "M/", "C"],
  ["-ai", "--zl=0", "--protocol=29", "M/", "C"],
  ["-ai", "--remove-source-files", "--protocol=29", "M/d/", "C"],
  ["-ai", "--remove-source-files", "--protocol=29", "--files-from=F", "M/", "C"],
  ["-ai", "M/../../etc", "C"],
  ["-r", "M/nowhere/"],
  ["-aiAX", "M/", "C"],
  ["-ai", "--append", "M/", "C"],
  ["-ai", "--append-verify", "M/", "C"],
  ["-ai", "--inplace", "M/", "C"],
  ["-aiL", "M/", "C"],
  ["-aiHL", "--no-i-r", "--delete", "M/", "C"],
  ["-ai", "--copy-dirlinks", "M/", "C"],
  ["-aikR", "M/linked/two", "C"],
  ["-aciL", "M/linked", "M/d/link", "C"],
  ["-ai", "--copy-unsafe-links", "M/d/sub/", "C"],
  ["-aiL", "--remove-source-files", "M/linked/", "C"],
  ["-ai", "--safe-links", "M/d/sub/", "C"],
  ["-ai", "M/", "C/made"],
  ["-aUi", "M/", "C"],
  ["-rtUUi", "--protocol=30", "--no-i-r", "--existing", "M/", "C"],
];

const pushes: readonly (readonly string[])[] = [
  ["-ai", "C/", "M/"],
  ["-aii", "C/", "M/"],
  ["-ain", "--delete", "C/", "M/"],
  ["-ai", "--delete", "C/", "M/"],
  ["-ai", "--delete-before", "C/", "M/"],
  ["-ai", "--delete-after", "--exclude=*.o", "C/", "M/"],
  ["-ai", "--delete-delay", "--exclude=*.o", "--delete-excluded", "C/", "M/"],
  ["-ai", "--delete", "--max-delete=1", "C/", "M/"],
  ["-ai", "--delete", "--filter=P names", "--filter=R *", "C/", "M/"],
  ["-aiC", "--delete", "C/", "M/"],
  ["-aC", "--protocol=28", "--delete", "C/", "M/"],
  ["-ai", "C/a.txt", "M/new name"],
  ["-ai", "C/a.txt", "M/new directory/"],
  ["-ai", "C/a.txt", "M/no/such/directory/"],
  ["-ai", "--mkpath", "C/a.txt", "M/no/such/directory/"],
  ["-ai", "C/a.txt", "C/b.txt", "M/d/one"],
  ["-ai", "C/d", "M/there/"],
  ["-aiR", "C/./d/sub/two", "M/there/"],
  ["-aiu", "C/", "M/"],
  ["-aic", "C/", "M/"],
  ["-ai", "--size-only", "C/", "M/"],
  ["-ai", "--existing", "C/", "M/"],
  ["-ai", "--ignore-existing", "C/", "M/"],
  ["-ai", "--inplace", "C/", "M/"],
  ["-aiS", "C/", "M/"],
  ["-rti", "--chmod=D700,F600", "C/", "M/"],
  ["-ai", "--remove-source-files", "C/", "M/"],
  ["-ai", "--delete-missing-args", "C/a.txt", "C/names", "M/"],
  ["-ai", "C/e/[z]", "M/e/[z]"],
  ["-ai", "C/e/[z]", "M/e/\\[z]"],
  ["-ai", "--old-args", "C/d/", "M/th*/"],
  ["-ais", "C/e/x y", "M/e/x y"],
  ["-ai", "--files-from=F", "C/", "M/"],
  ["-aiR", "--no-implied-dirs", "C/./here/deep/f", "C/./e", "M/"],
  ["-aiz", "C/", "M/"],
  ["-ai", "--zl=0", "C/", "M/"],
  ["-i", "C/d", "M/new"],
  ["-ain", "C/", "M/new"],
  ["-ai", "--force", "--delete", "C/e/", "M/d/"],
  ["-ai", "--backup", "C/", "M/"],
  ["-ai", "--backup", "--suffix=.old", "--delete", "C/", "M/"],
  ["-ai", "--backup-dir=kept", "--delete", "-b", "--exclude=/kept", "C/", "M/"],
  ["-ai", "--link-dest=/d", "C/d/", "M/there/"],
  ["-ai", "--copy-dest=../d", "C/d/", "M/there/"],
  ["-ai", "--compare-dest=/d", "C/d/", "M/there/"],
  ["-ai", "--partial-dir=.part", "--delay-updates", "C/", "M/"],
  ["-ai", "--temp-dir=/d", "C/", "M/"],
  ["-ai", "--temp-dir=missing", "--delete", "C/", "M/"],
  ["-ai", "--link-dest=/missing", "C/d/", "M/there/"],
  ["-aiy", "C/", "M/"],
  ["-ai", "--append", "C/", "M/"],
  ["-aim", "C/", "M/"],
  ["-aiKL", "--exclude=/d/sub", "--delete", "C/", "M/"],
  ["-aiKL", "--exclude=/d/sub", "--delete-before", "C/", "M/"],
  ["-rtiKL", "--exclude=/d/sub", "--delete-after", "--protocol=29", "C/", "M/"],
  ["-aiKLn", "--exclude=/d/sub", "--delete-delay", "C/", "M/"],
  ["-aiKL", "--exclude=/d/sub", "--backup-dir=kept", "-b", "--delay-updates", "C/", "M/"],
  ["-ai", "--usermap=0:1", "--groupmap=*:2", "C/", "M/"],
  ["-ai", "--preallocate", "C/", "M/"],
  ["-ai", "-M--munge-links", "C/", "M/"],
  ["-ai", "--safe-links", "C/d/sub/", "M/new"],
  ["-aUi", "C/", "M/"],
  ["-rlUi", "--open-noatime", "C/", "M/"],
];

const isThere = daemonVersions.includes(version);

test.skipIf(!isThere).each(pulls.map((words) => [words.join(" "), words] as const))(
  "rsync %s",
  async (_, words) => {
    await runAtBoth(words);
  },
);

test.skipIf(!isThere).each(pushes.map((words) => [words.join(" "), words] as const))(
  "rsync %s",
  async (_, words) => {
    await runAtBoth(words);
  },
);

test.skipIf(!isThere).each(["-aR", "-aR --no-i-r", "-aRH --protocol=29", "-rR --protocol=27"])(
  "rsync %s %s of paths from the root down, beside others",
  async (options) => {
    await using stock = await startDaemon({ version, modules: { m: {} } });
    await using served = await serveModule();
    const client = path.join(served.here, "client");
    makeTree(client, { "d/one": "1", "d/sub/two": "2", "e/0": "0", "e/-": "-", "-d/x": "x" });
    fs.linkSync(path.join(client, "e/0"), path.join(client, "e/1"));
    const places = [`${client}/d`, `${client}/./e`, `${client}/./-d`];
    for (const { port } of [stock, served]) {
      const words = [...options.split(" "), ...places, `rsync://127.0.0.1:${port}/m/`];
      expect(await runRsync(version, words)).toMatchObject({ code: 0, errors: "" });
    }
    const [wanted, found] = [readTree(stock.path("m")), readTree(served.path)];
    expect(treeDifferences(wanted, found, { times: false })).toEqual([]);
  },
);

test.skipIf(!isThere)("times of access come and go with -U", async () => {
  await using served = await serveModule();
  const [client, back] = [path.join(served.here, "client"), path.join(served.here, "back")];
  makeTree(client, { new: "n", changed: "is longer", same: "s", "d/small": "x" });
  makeTree(served.path, { changed: "short", same: "s" });
  const [accessed, changed] = [1_234_567_890, 1_500_000_000];
  const names = ["new", "changed", "same", "d/small"];
  for (const name of names) fs.utimesSync(path.join(client, name), accessed, changed);
  fs.utimesSync(path.join(served.path, "same"), changed, changed);
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  const options = ["-a", "-U", "-U"];
  expect(await runRsync(version, [...options, `${client}/`, url])).toMatchObject({ code: 0 });
  expect(await runRsync(version, [...options, url, back])).toMatchObject({ code: 0 });
  for (const root of [served.path, back]) {
    const times = names.map((name) => {
      const { atimeMs, mtimeMs } = fs.statSync(path.join(root, name));
      return [atimeMs / 1_000, mtimeMs / 1_000];
    });
    expect(times).toEqual(names.map(() => [accessed, changed]));
  }
});
