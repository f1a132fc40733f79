import fs from "node:fs";
import { expect, test } from "vitest";
import { claimName, identityOf, releaseName } from "../../../src/control/claim.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const dead = async () => false;
const alive = async () => true;

test("a free name is given, a living one is not", async () => {
  using at = temporaryDirectory();
  const [made, other, name] = ["made", "other", "name"].map((each) => `${at.path}/${each}`) as [
    string,
    string,
    string,
  ];
  fs.writeFileSync(made, "first");
  fs.writeFileSync(other, "second");
  expect(await claimName(made, name, alive)).toBe(true);
  expect(await claimName(other, name, alive)).toBe(false);
  expect(fs.readFileSync(name, "utf8")).toBe("first");
});

test("what a dead one left is replaced", async () => {
  using at = temporaryDirectory();
  fs.writeFileSync(`${at.path}/name`, "dead");
  fs.writeFileSync(`${at.path}/made`, "new");
  expect(await claimName(`${at.path}/made`, `${at.path}/name`, dead)).toBe(true);
  expect(fs.readFileSync(`${at.path}/name`, "utf8")).toBe("new");
  expect(fs.readdirSync(at.path).sort()).toEqual(["made", "name"]);
});

test("who judged a dead one, and finds a competitor's in its place, gives it back", async () => {
  using at = temporaryDirectory();
  const name = `${at.path}/name`;
  fs.writeFileSync(name, "dead");
  fs.writeFileSync(`${at.path}/made`, "late");
  fs.writeFileSync(`${at.path}/competitor`, "early");
  let asked = 0;
  const isAlive = async () => {
    asked += 1;
    if (asked > 1) return true;
    // Between the question and what follows from it another process has come first.
    fs.rmSync(name);
    fs.linkSync(`${at.path}/competitor`, name);
    return false;
  };
  expect(await claimName(`${at.path}/made`, name, isAlive)).toBe(false);
  expect(fs.readFileSync(name, "utf8")).toBe("early");
  expect(fs.readdirSync(at.path).sort()).toEqual(["competitor", "made", "name"]);
});

test("of many that come at once exactly one gets a dead one's name", async () => {
  using at = temporaryDirectory();
  const name = `${at.path}/name`;
  fs.writeFileSync(name, "dead");
  const isAlive = async () => fs.readFileSync(name, "utf8") !== "dead";
  const claims = Array.from({ length: 20 }, async (_, index) => {
    fs.writeFileSync(`${at.path}/${index}`, `${index}`);
    return claimName(`${at.path}/${index}`, name, async () => {
      await new Promise(setImmediate);
      return isAlive().catch(() => true);
    });
  });
  const winners = (await Promise.all(claims)).flatMap((won, index) => (won ? [index] : []));
  expect(winners).toHaveLength(1);
  expect(fs.readFileSync(name, "utf8")).toBe(`${winners[0]}`);
});

test("only its own name is released", () => {
  using at = temporaryDirectory();
  const name = `${at.path}/name`;
  fs.writeFileSync(name, "mine");
  const mine = identityOf(name);
  fs.renameSync(name, `${at.path}/away`);
  fs.writeFileSync(name, "theirs");
  releaseName(name, mine);
  expect(fs.readFileSync(name, "utf8")).toBe("theirs");
  releaseName(name, identityOf(name));
  expect(fs.existsSync(name)).toBe(false);
});
