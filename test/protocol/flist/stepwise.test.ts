import { expect, test } from "vitest";
import { atOnce, paced, sortedByKey } from "../../../protocol/flist/stepwise.ts";
import { random } from "../../support/random.ts";

test.each([0, 1, 4_095, 4_096, 4_097, 50_000])(
  "%i items are sorted in steps, equal ones as they stood",
  async (count) => {
    const chance = random(count);
    const items = Array.from({ length: count }, (_, place) => {
      return { key: `k${chance.below(count / 2 + 1)}`, place };
    });
    const wanted = items.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    expect(atOnce(sortedByKey(items))).toEqual(wanted);
    let steps = 1;
    const pace = async (): Promise<void> => {
      steps += 1;
    };
    expect(await paced(sortedByKey(items), pace)).toEqual(wanted);
    expect(steps).toBeGreaterThanOrEqual(count / 4_096);
  },
);
