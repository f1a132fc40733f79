import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type DaemonEvent, listModules } from "../../protocol/index.ts";
import { describeDaemons, rsyncProgram } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { random } from "../support/random.ts";
import { serveModule } from "../support/served.ts";
import { makeTree, readTree, type TreeSpec } from "../support/tree.ts";

/** How many clients have come and not gone. */
function inside(events: readonly DaemonEvent[]): number {
  const count = (...kinds: string[]): number =>
    events.filter(({ kind }) => kinds.includes(kind)).length;
  return count("connected") - count("ended", "refused", "listed");
}

describeDaemons("a client that is killed", (version) => {
  test("leaves the old file or the new one under every name, and nothing beside", async () => {
    await using served = await serveModule();
    const chance = random(11);
    const names = Array.from({ length: 30 }, (_, n) => `d${n % 3}/f${n}`);
    const contentOf = (age: string): TreeSpec =>
      Object.fromEntries(names.map((name) => [name, Buffer.alloc(120_000, `${age} ${name}`)]));
    const [old, young] = [contentOf("old"), contentOf("new")];
    makeTree(served.here, young);
    for (let times = 0; times < 12; times += 1) {
      makeTree(served.path, old);
      const url = `rsync://127.0.0.1:${served.port}/m/`;
      const client = spawn(rsyncProgram(version), ["-aI", "-W", `${served.here}/`, url]);
      setTimeout(() => client.kill("SIGKILL"), 20 + chance.below(120));
      await once(client, "close");
      // Who is let in later than this came later: whoever was killed has been let in by now.
      await listModules(`rsync://127.0.0.1:${served.port}/`);
      await eventually(() => inside(served.events)).toBe(0);
      const found = [...readTree(served.path).keys()].filter((name) => name.includes("/"));
      expect(found.sort()).toEqual([...names].sort());
      for (const name of names) {
        const content = fs.readFileSync(path.join(served.path, name));
        const isWhole = [old, young].some((tree) => content.equals(tree[name] as Buffer));
        expect([name, isWhole]).toEqual([name, true]);
      }
    }
  }, 120_000);
});
