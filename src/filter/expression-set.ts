import { Automaton } from "./automaton.ts";
import { type Expression, parseExpression } from "./expression.ts";

/** Several regexes matched at once; each text is read once, however many there are. */
export class ExpressionSet {
  readonly #plain: { readonly texts: readonly string[]; readonly automaton: Automaton };
  readonly #conditional: readonly ConditionalExpression[];

  /** @throws {SyntaxError} or RangeError when one of them cannot be used. */
  constructor(texts: readonly string[]) {
    const parsed = texts.map((text) => ({ text, expression: parseExpression(text) }));
    const plain = parsed.filter(({ expression }) => expression.conditions.length === 0);
    this.#plain = {
      texts: plain.map(({ text }) => text),
      automaton: new Automaton(plain.map(({ expression }) => expression.node)),
    };
    this.#conditional = parsed
      .filter(({ expression }) => expression.conditions.length > 0)
      .map(({ text, expression }) => new ConditionalExpression(text, expression));
  }

  /** The text of the first expression that matches the whole of `bytes`, or undefined. */
  match(bytes: string): string | undefined {
    return (
      this.#plain.texts[this.#plain.automaton.match(bytes)] ??
      this.#conditional.find((expression) => expression.matches(bytes))?.text
    );
  }
}

class ConditionalExpression {
  readonly text: string;
  readonly #main: Automaton;
  readonly #conditions: readonly { readonly automaton: Automaton; readonly negative: boolean }[];

  constructor(text: string, { node, conditions }: Expression) {
    this.text = text;
    this.#main = new Automaton([node]);
    this.#conditions = conditions.map((condition) => ({
      automaton: new Automaton([condition.node]),
      negative: condition.negative,
    }));
  }

  matches(bytes: string): boolean {
    const holds = this.#conditions.every(
      ({ automaton, negative }) => automaton.match(bytes) < 0 === negative,
    );
    return holds && this.#main.match(bytes) >= 0;
  }
}
