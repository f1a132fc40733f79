import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asBytePath } from "../../protocol/index.ts";
import { LocalTree } from "../../protocol/source/local.ts";
import { parsePush } from "../../src/cli/push/command.ts";
import { runPush } from "../../src/cli/push/run.ts";
import { type Daemon, daemonVersions, rsyncProgram, startDaemon } from "../support/daemon.ts";
import {
  expectEqualTrees,
  makeTree,
  readTree,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../support/tree.ts";

/** None leads to a directory that it lies in, and none out of the temporary directory. */
const targets = [
  "../x",
  "../../x",
  "../../../x",
  "a/../b",
  "./../x",
  "././../../x",
  ".//../../x",
  "sub/../../x",
  "../src/../x",
  "..//./../x",
  ".../x",
  "../file",
  "/nonexistent",
  "file",
  "./file",
  "nowhere",
];

describe.skipIf(!daemonVersions.includes("3.5.0"))(
  "symlinks are sent as rsync 3.5.0 sends them",
  () => {
    let daemon: Daemon;
    let work: TemporaryDirectory;
    let at: string;

    beforeAll(async () => {
      daemon = await startDaemon({ version: "3.5.0", modules: { stock: {}, ours: {} } });
      work = temporaryDirectory();
      const links = Object.fromEntries(
        targets.flatMap((target, i) => [
          [`src/l${i}`, { type: "symlink", target }] as const,
          [`src/deep/l${i}`, { type: "symlink", target }] as const,
        ]),
      );
      at = `${work.path}/1/2/3`;
      for (const above of ["", "/1", "/1/2", "/1/2/3"]) {
        makeTree(work.path + above, { x: `x in ${above}` });
      }
      makeTree(at, {
        ...links,
        "other/y": "y",
        "src/file": "content",
        "src/b": "b",
        "src/a/f": "",
        "src/sub/f": "in sub",
        "src/dirlink": { type: "symlink", target: "sub" },
        "src/deep/up": { type: "symlink", target: "../sub" },
        "src/munged": { type: "symlink", target: "/rsyncd-munged/file" },
        "src/out": { type: "symlink", target: "../other" },
      });
    });
    afterAll(async () => {
      await daemon.remove();
      work[Symbol.dispose]();
    });

    const options = [
      "-rlt --copy-unsafe-links",
      "-rt --copy-unsafe-links",
      "-rlt --copy-unsafe-links --no-i-r -k",
      "-rltk",
      "-rlt --munge-links",
      "-rlt --safe-links",
      "-rtl --copy-links --exclude=munged",
      "-rtL --exclude=l*",
      "-rtLH --delete",
    ];

    test.each(options.flatMap((line) => [`${line} src`, `${line} src/`]))("%s", async (line) => {
      for (const module of ["stock", "ours"]) {
        fs.rmSync(daemon.path(module), { recursive: true });
        fs.mkdirSync(daemon.path(module));
      }
      const words = (module: string) => [
        ...line.split(" "),
        `rsync://127.0.0.1:${daemon.port}/${module}/`,
      ];
      const stock = spawnSync(rsyncProgram("3.5.0"), words("stock"), { cwd: at });
      const cwd = process.cwd();
      process.chdir(at);
      try {
        const outputs = { out: () => {}, err: () => {} };
        expect(await runPush(parsePush(words("ours"), {}), outputs)).toBe(stock.status);
      } finally {
        process.chdir(cwd);
      }
      expectEqualTrees(daemon.path("stock"), daemon.path("ours"), { root: false });
      expect(readTree(daemon.path("ours")).size).toBeGreaterThan(5);
    });
  },
);

test("what is behind a link must be what was listed when it is opened", () => {
  using work = temporaryDirectory();
  makeTree(work.path, { a: "listed", secret: "not listed", l: { type: "symlink", target: "a" } });
  const tree = new LocalTree(work.path, { copyLinks: true });
  const listed = tree.lstat(asBytePath("l"));
  expect(listed).toMatchObject({ path: "l", size: 6, isFollowed: true });
  fs.unlinkSync(`${work.path}/l`);
  fs.symlinkSync("secret", `${work.path}/l`);
  const file = tree.open(listed as NonNullable<typeof listed>);
  expect(file?.state()).toBe("replaced");
  file?.close();
});

test("a link that is to be followed and leads nowhere is an error of that name", () => {
  using work = temporaryDirectory();
  makeTree(work.path, {
    l: { type: "symlink", target: "nowhere" },
    o: { type: "symlink", target: "o" },
  });
  const tree = new LocalTree(work.path, { copyLinks: true });
  expect(() => tree.lstat(asBytePath("l"))).toThrow("no referent");
  expect(() => tree.lstat(asBytePath("o"))).toThrow("ELOOP");
});
