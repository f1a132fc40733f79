import path from "node:path";
import { expect, test } from "vitest";
import { describeDaemons } from "../support/daemon.ts";
import { runRsync, serveModule } from "../support/served.ts";
import { makeTree } from "../support/tree.ts";
import { accessList, attributesOf, hasAttributes, setAttribute } from "../support/xattr.ts";

describeDaemons("serving a stock client", (version) => {
  test.each([
    ["-ri", "*deleting   gone/f\n*deleting   gone/\n"],
    ["-r", ""],
  ])("deletions are told at protocol 28 (%s)", async (option, lines) => {
    await using served = await serveModule();
    makeTree(served.path, { "gone/f": "x" });
    const url = `rsync://127.0.0.1:${served.port}/m/`;
    const words = [option, "--delete", "--protocol=28", `${served.here}/`, url];
    expect(await runRsync(version, words)).toEqual({ code: 0, output: lines, errors: "" });
  });

  test.skipIf(!hasAttributes)(
    "extended attributes and access lists are pulled, and pushed",
    async () => {
      await using served = await serveModule();
      makeTree(served.path, { "d/f": "x", long: "y" });
      const list = accessList(
        ["owner", 6],
        ["user", 7, 1234],
        ["group", 4],
        ["mask", 7],
        ["other", 0],
      );
      setAttribute(path.join(served.path, "d/f"), "user.short", "1");
      setAttribute(path.join(served.path, "long"), "user.long", "v".repeat(500));
      setAttribute(path.join(served.path, "d/f"), "system.posix_acl_access", list);
      const url = `rsync://127.0.0.1:${served.port}/m/`;
      const ran = await runRsync(version, ["-aAX", url, `${served.here}/`]);
      expect(ran).toEqual({ code: 0, output: "", errors: "" });
      expect(attributesOf(served.here)).toEqual(attributesOf(served.path));
      for (const [at, words] of [["-aAX"], ["-aAX", "--no-i-r"], ["-aHAX"]].entries()) {
        const again = await runRsync(version, [...words, `${served.here}/`, `${url}pushed ${at}/`]);
        expect(again).toEqual({ code: 0, output: "", errors: "" });
        const pushed = path.join(served.path, `pushed ${at}`);
        expect(attributesOf(pushed)).toEqual(attributesOf(served.here));
        setAttribute(path.join(served.here, "long"), "user.long", `${at}`.repeat(300));
        await runRsync(version, [...words, `${served.here}/`, `${url}pushed ${at}/`]);
        expect(attributesOf(pushed)).toEqual(attributesOf(served.here));
      }
    },
  );
});
