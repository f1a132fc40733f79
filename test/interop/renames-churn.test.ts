import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, type BytePath, nativePath } from "../../protocol/path.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { makeHostileTree } from "../support/hostile.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { type Random, random } from "../support/random.ts";
import { readTree, temporaryDirectory } from "../support/tree.ts";

// SERSYNC_RENAMES=200 is the nightly size.
const rounds = Number(process.env["SERSYNC_RENAMES"] ?? 6);
const firstSeed = Number(process.env["SERSYNC_CHURN_SEED"] ?? 1);

/** Few names, so that what moves meets what is there, and what was there before. */
const names = ["a", "b", "c d", "e*[", "f\\g", "\xff\n"];
/** Of one size, as two versions of one file may be. */
const sizeBytes = 2_000;

class Tree {
  readonly #root: string;
  readonly #chance: Random;

  constructor(root: string, chance: Random) {
    this.#root = root;
    this.#chance = chance;
  }

  /** Does one thing at random; most of them are renames. */
  step(): void {
    const kind = this.#chance.below(10);
    try {
      if (kind < 6) this.#rename();
      else if (kind < 8) this.#write(this.#place());
      else if (kind < 9) this.#makeDirectory();
      else fs.rmSync(this.#native(this.#something()), { recursive: true, force: true });
    } catch {
      // a name was taken, or led into itself
    }
  }

  #native(path: BytePath): string | Buffer {
    return nativePath(this.#root, path);
  }

  #something(): BytePath {
    const found = [...readTree(this.#root).keys()].filter((path) => path !== "").sort();
    return this.#chance.pick(found) as BytePath;
  }

  #place(): BytePath {
    const tree = readTree(this.#root);
    const directories = [...tree.keys()].filter((path) => tree.get(path)?.type === "directory");
    const directory = this.#chance.pick(directories.sort());
    const name = this.#chance.pick(names);
    return asBytePath(directory === "" ? name : `${directory}/${name}`);
  }

  #rename(): void {
    const [from, to] = [this.#something(), this.#place()];
    if (this.#chance.oneIn(4)) {
      // by way of a third name, in a circle
      const third = this.#native(asBytePath("third"));
      fs.renameSync(this.#native(to), third);
      fs.renameSync(this.#native(from), this.#native(to));
      fs.renameSync(third, this.#native(from));
    } else {
      fs.renameSync(this.#native(from), this.#native(to));
    }
  }

  #write(path: BytePath): void {
    const file = this.#native(path);
    fs.writeFileSync(file, Buffer.alloc(sizeBytes, `${this.#chance.below(1e9)} `));
    const time = this.#chance.below(2 ** 31);
    fs.utimesSync(file, time, time);
  }

  #makeDirectory(): void {
    const directory = this.#place();
    fs.mkdirSync(this.#native(directory));
    for (const name of names.slice(0, 4)) this.#write(asBytePath(`${directory}/${name}`));
  }
}

describeDaemons("renames", (version) => {
  test("at random, in bursts among writes of equal size, end in equal trees", async () => {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeHostileTree(source.path, firstSeed, 40);
    await using mirror = await startMirror({
      source: source.path,
      port: daemon.port,
      remotes: [{ module: "backup" }],
    });
    const chance = random(firstSeed);
    const tree = new Tree(source.path, chance);
    for (let round = 0; round < rounds; round += 1) {
      const steps = 1 + chance.below(40);
      for (let step = 0; step < steps; step += 1) tree.step();
      const explain = () => `seed ${firstSeed}, round ${round}\n${mirror.output().slice(-6_000)}`;
      await untilEqualTrees(source.path, daemon.path("backup"), { explain });
    }
    expect(mirror.isRunning()).toBe(true);
  });
});
