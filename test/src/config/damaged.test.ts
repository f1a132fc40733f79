import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../../src/config/mistake.ts";
import { fixture, outcome } from "./parsing.ts";

const full = fixture("full.xml");

test("300 damaged files are refused with places, or give a whole configuration", () => {
  const place = fc.nat({ max: full.length - 1 });
  const damage = fc.oneof(
    fc.record({ at: place, cut: fc.nat({ max: 40 }), put: fc.constant("") }),
    fc.record({
      at: place,
      cut: fc.nat({ max: 3 }),
      put: fc.constantFrom(
        '"',
        "<",
        ">",
        "/",
        "</",
        "<!--",
        "-->",
        "&",
        "=",
        "\0",
        "]]>",
        "<?",
        "true",
        "\xff",
      ),
    }),
    fc.record({
      at: place,
      cut: fc.constant(0),
      put: place.map((from) => full.slice(from, from + 120)),
    }),
  );
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      const text = damages.reduce(
        (kept, { at, cut, put }) => kept.slice(0, at) + put + kept.slice(at + cut),
        full,
      );
      const result = outcome(text);
      const whole =
        result instanceof ConfigError
          ? result.mistakes.every(
              ({ line, column, text: said }) => line > 0 && column > 0 && said !== "",
            )
          : result.config.sources.every(
              ({ watch, remotes }) => watch.startsWith("/") && remotes.length > 0,
            );
      expect(whole).toBe(true);
    }),
    { seed: 20261122, numRuns: 300 },
  );
});
