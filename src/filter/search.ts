import { parseExpression } from "./expression.ts";
import type { Node } from "./node.ts";

/**
 * A regex (Boost's Perl syntax, `(?i)` in front allowed) that is looked for anywhere in a byte
 * string and whose groups are wanted, which the filter's automaton does not know.
 *
 * @throws {SyntaxError} that says what is wrong, for a person.
 */
export function compileSearch(text: string): RegExp {
  const { node } = parseExpression(text);
  // JavaScript's own matcher backtracks: with a repetition inside another one a file name could
  // stop the program for minutes.
  if (repeatsInside(node)) throw new SyntaxError("it has a repetition inside a repetition");
  const foldsCase = text.startsWith("(?i)");
  return new RegExp(foldsCase ? text.slice(4) : text, foldsCase ? "i" : "");
}

/** Says what is wrong with a regex that is looked for, or undefined when it can be used. */
export function searchProblem(text: string): string | undefined {
  try {
    compileSearch(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return `it is not a regex that can be used: ${error.message}`;
    throw error;
  }
}

function repeatsInside(node: Node, isRepeated = false): boolean {
  switch (node.kind) {
    case "repeat": {
      const unbounded = node.most === Number.POSITIVE_INFINITY;
      return (isRepeated && unbounded) || repeatsInside(node.node, isRepeated || unbounded);
    }
    case "sequence":
    case "either":
      return node.nodes.some((part) => repeatsInside(part, isRepeated));
    case "set":
    case "start":
    case "end":
      return false;
  }
}
