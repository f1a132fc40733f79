import fc from "fast-check";
import { expect, test } from "vitest";
import { Automaton } from "../../../src/filter/automaton.ts";
import { parseExpression } from "../../../src/filter/expression.ts";

const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\.", "\\d", "^", "$");
const { regex } = fc.letrec<{ regex: string }>((tie) => ({
  regex: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("regex"), tie("regex")).map((pair) => pair.join("")),
    fc.tuple(tie("regex"), tie("regex")).map(([left, right]) => `(${left}|${right})`),
    fc
      .tuple(tie("regex"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "{2,}", "*?"))
      .map(([inner, quantifier]) => `(?:${inner})${quantifier}`),
  ),
}));
const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "1", "/", "\xe4"), maxLength: 7 });

test("agrees with JavaScript's own engine on whole matches", () => {
  fc.assert(
    fc.property(regex, text, (source, subject) => {
      const automaton = new Automaton([parseExpression(source).node]);
      const wanted = new RegExp(`^(?:${source})$`, "s").test(subject);
      expect(automaton.match(subject) >= 0).toBe(wanted);
    }),
    { seed: 20261122, numRuns: 1_500 },
  );
});

test("the first of several expressions that matches is the answer", () => {
  const nodes = ["b+", "a.*", ".*"].map((source) => parseExpression(source).node);
  const automaton = new Automaton(nodes);
  expect(["bb", "abc", "c", ""].map((subject) => automaton.match(subject))).toEqual([0, 1, 2, 2]);
});

test("any text is an expression or refused with a reason, never anything else", () => {
  const noise = fc.string({
    unit: fc.constantFrom(...Array.from("ab()[]{}*+?|\\^$.,-:!=<>1QEixd\xe4")),
    maxLength: 20,
  });
  function outcome(source: string): unknown {
    try {
      return new Automaton([parseExpression(source).node]).match("ab");
    } catch (error) {
      return error instanceof SyntaxError || error instanceof RangeError ? "refused" : error;
    }
  }
  fc.assert(
    fc.property(noise, (source) => {
      expect([-1, 0, "refused"]).toContain(outcome(source));
    }),
    { seed: 20261122, numRuns: 3_000 },
  );
});
