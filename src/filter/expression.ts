import { type Cut, parseClass, parseEscape } from "./class.ts";
import { anyByte, byteSet, either, literal, type Node, repeat, sequence } from "./node.ts";

/** A regex that matches when `condition`s hold and `node` matches, each against the whole text. */
export interface Expression {
  readonly node: Node;
  /** Lookaheads at the very beginning: `^(?!.*\.php$).*` is how people invert a filter. */
  readonly conditions: readonly { readonly node: Node; readonly negative: boolean }[];
}

const mostBytes = 4_096;
const mostNesting = 100;
const mostRepeats = 1_000;

/**
 * Parses a regex of sersync's filter (Boost's Perl syntax) over bytes.
 *
 * `.` is one byte, so a letter outside ASCII is several. `(?i)` at the beginning folds ASCII
 * letters. What cannot be matched in one pass over the text (backreferences, lookaround elsewhere
 * than at the beginning) is refused.
 *
 * @throws {SyntaxError} that says what is wrong, for a person.
 */
export function parseExpression(text: string): Expression {
  if (text.length > mostBytes) throw new SyntaxError(`it has more than ${mostBytes} bytes`);
  const foldsCase = text.startsWith("(?i)");
  const parser = new ExpressionParser(foldsCase ? text.slice(4) : text, foldsCase);
  return parser.parse();
}

class ExpressionParser {
  readonly #text: string;
  readonly #foldsCase: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, foldsCase: boolean) {
    this.#text = text;
    this.#foldsCase = foldsCase;
  }

  parse(): Expression {
    const conditions = this.#lookaheads();
    const node = this.#either();
    if (this.#at < this.#text.length) throw new SyntaxError("a ) without its (");
    return { node, conditions };
  }

  #lookaheads(): Expression["conditions"] {
    const conditions: { node: Node; negative: boolean }[] = [];
    // A ^ in front changes nothing: the whole text has to match in any case.
    const start = /^\^*(?=\(\?[=!])/.exec(this.#text);
    if (start) this.#at = start[0].length;
    while (this.#take("(?!") || this.#take("(?=")) {
      const negative = this.#text[this.#at - 1] === "!";
      const node = sequence([this.#either(), repeat(anyByte, 0, Number.POSITIVE_INFINITY)]);
      this.#close();
      conditions.push({ node, negative });
    }
    return conditions;
  }

  #either(): Node {
    const branches = [this.#sequence()];
    while (this.#take("|")) branches.push(this.#sequence());
    return branches.length === 1 && branches[0] ? branches[0] : either(...branches);
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at] ?? "")) {
      nodes.push(this.#quantified(this.#atom()));
    }
    return sequence(nodes);
  }

  #atom(): Node {
    const char = this.#text[this.#at] ?? "";
    if (char === "(") return this.#group();
    if (char === "[") return this.#cut(parseClass(this.#text, this.#at));
    if (char === "\\") return this.#cut(parseEscape(this.#text, this.#at));
    if (/[*+?]/.test(char)) {
      const advice = char === "*" ? "; for any text write .*" : "";
      throw new SyntaxError(`${char} has nothing in front to repeat${advice}`);
    }
    this.#at += 1;
    if (char === "^") return { kind: "start" };
    if (char === "$") return { kind: "end" };
    return char === "." ? anyByte : this.#folded(literal(char));
  }

  #group(): Node {
    const special = /^\(\?(?!:|P?<[A-Za-z_]\w*>)(.{0,2})/.exec(
      this.#text.slice(this.#at, this.#at + 64),
    );
    if (special) throw new SyntaxError(`(?${special[1]} is not supported here`);
    this.#at += /^\((?:\?:|\?P?<\w+>)?/.exec(this.#text.slice(this.#at))?.[0].length ?? 1;
    this.#depth += 1;
    if (this.#depth > mostNesting) throw new SyntaxError("its groups are nested too deeply");
    const node = this.#either();
    this.#depth -= 1;
    this.#close();
    return node;
  }

  #quantified(node: Node): Node {
    const found = /^(?:([*+?])|\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\})([?+]?)/.exec(
      this.#text.slice(this.#at, this.#at + 16),
    );
    if (found === null) return node;
    const [whole, sign, least = "0", comma, most] = found;
    this.#at += whole.length;
    // Whether it is greedy, lazy or possessive makes no difference to a whole match, except that
    // possessive gives nothing back, which is another language.
    if (found[5] === "+") throw new SyntaxError(`${whole} (possessive) is not supported`);
    if (sign === "?") return repeat(node, 0, 1);
    const unbounded = Number.POSITIVE_INFINITY;
    if (sign) return repeat(node, sign === "+" ? 1 : 0, unbounded);
    const highest = most ? Number(most) : comma ? unbounded : Number(least);
    if (Number(least) > highest) throw new SyntaxError(`${whole} counts backwards`);
    if (Math.max(Number(least), highest === unbounded ? 0 : highest) > mostRepeats) {
      throw new SyntaxError(`${whole} repeats more than ${mostRepeats} times`);
    }
    return repeat(node, Number(least), highest);
  }

  #cut({ node, end }: Cut): Node {
    this.#at = end;
    return this.#folded(node);
  }

  #folded(node: Node): Node {
    if (!this.#foldsCase) return node;
    if (node.kind === "sequence") return sequence(node.nodes.map((part) => this.#folded(part)));
    if (node.kind !== "set") return node;
    const { set } = node;
    return { kind: "set", set: byteSet((byte) => set[byte] === 1 || set[otherCase(byte)] === 1) };
  }

  #close(): void {
    if (!this.#take(")")) throw new SyntaxError("a ( without its )");
  }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }
}

function otherCase(byte: number): number {
  const char = String.fromCharCode(byte);
  return /[A-Za-z]/.test(char) ? byte ^ 0x20 : byte;
}
