import type { ByteSet, Node } from "./node.ts";

/** A pattern that would need more steps than this is refused: `{1,1000}` in `{1,1000}`. */
const mostSteps = 20_000;
/** States kept at a time; beyond it they are built anew. About 1 KiB each. */
const mostStates = 2_000;
/** Pairs of states that {@link Automaton.overlaps} looks at. */
const mostPairs = 100_000;

type Step =
  | { readonly does: "byte"; readonly set: ByteSet; readonly next: number }
  | { readonly does: "fork"; next: number; other: number }
  | { readonly does: "atStart"; readonly next: number }
  | { readonly does: "atEnd"; readonly next: number }
  | { readonly does: "accept"; readonly pattern: number };

interface State {
  readonly steps: readonly number[];
  /** The state after each byte; undefined where nobody has asked yet. */
  readonly next: (State | undefined)[];
  /** Nothing can match from here on. */
  readonly dead: boolean;
  /** The first pattern that matches when the text ends here; -1: none. */
  readonly accepted: number;
}

/**
 * Several patterns compiled into one matcher that reads each byte once.
 *
 * A backtracking matcher can be stopped for minutes by a pattern such as `(.*a)*` and a file name
 * somebody chose for it, and the watcher with it. This one builds the states of a deterministic
 * automaton as they are needed: time grows with the text's length and nothing else.
 */
export class Automaton {
  readonly #program: Step[] = [];
  readonly #starts: number[];
  #states: Map<string, State> = new Map();
  #initial: State;

  /** @throws {RangeError} when the patterns are too large. */
  constructor(patterns: readonly Node[]) {
    this.#starts = patterns.map((node, pattern) => {
      const accept = this.#add({ does: "accept", pattern });
      return this.#compile(node, accept);
    });
    this.#initial = this.#start();
  }

  /** The first pattern that matches the whole of `text` (a byte string), or -1. */
  match(text: string): number {
    let state = this.#initial;
    for (let at = 0; at < text.length && !state.dead; at += 1) {
      const byte = text.charCodeAt(at);
      state = state.next[byte] ?? this.#advance(state, byte);
    }
    return state.accepted;
  }

  /**
   * Whether some text is matched by both. Looks at a bounded number of states and says yes when
   * they do not suffice: the answer is for warnings only.
   */
  overlaps(other: Automaton): boolean {
    const open: (readonly [State, State])[] = [[this.#initial, other.#initial]];
    const seen = new Map<State, Set<State>>();
    for (let looked = 0; looked < mostPairs; looked += 1) {
      const pair = open.pop();
      if (pair === undefined) return false;
      const [mine, theirs] = pair;
      if (mine.accepted >= 0 && theirs.accepted >= 0) return true;
      if (mine.dead || theirs.dead || seen.get(mine)?.has(theirs)) continue;
      seen.set(mine, (seen.get(mine) ?? new Set()).add(theirs));
      for (let byte = 0; byte < 256; byte += 1) {
        open.push([
          mine.next[byte] ?? this.#advance(mine, byte),
          theirs.next[byte] ?? other.#advance(theirs, byte),
        ]);
      }
    }
    return true;
  }

  #add(step: Step): number {
    if (this.#program.length >= mostSteps) throw new RangeError("the pattern is too large");
    return this.#program.push(step) - 1;
  }

  /** Emits the steps of `node` that lead to step `next`; returns the first of them. */
  #compile(node: Node, next: number): number {
    switch (node.kind) {
      case "set":
        return this.#add({ does: "byte", set: node.set, next });
      case "sequence":
        return node.nodes.reduceRight((after, part) => this.#compile(part, after), next);
      case "either":
        return node.nodes
          .map((part) => this.#compile(part, next))
          .reduce((other, first) => this.#add({ does: "fork", next: first, other }));
      case "repeat":
        return this.#compileRepeat(node.node, node.least, node.most, next);
      case "start":
        return this.#add({ does: "atStart", next });
      case "end":
        return this.#add({ does: "atEnd", next });
    }
  }

  #compileRepeat(node: Node, least: number, most: number, next: number): number {
    let first = next;
    if (most === Number.POSITIVE_INFINITY) {
      const loop: Step = { does: "fork", next, other: next };
      first = this.#add(loop);
      loop.next = this.#compile(node, first);
    } else {
      for (let count = least; count < most; count += 1) {
        first = this.#add({ does: "fork", next: this.#compile(node, first), other: next });
      }
    }
    for (let count = 0; count < least; count += 1) first = this.#compile(node, first);
    return first;
  }

  #start(): State {
    const steps = this.#closure(this.#starts, ["atStart"]);
    // Empty text ends where it starts: only here may both hold.
    const accepted = this.#accepted(this.#closure(this.#starts, ["atStart", "atEnd"]));
    return makeState(steps, accepted);
  }

  #advance(state: State, byte: number): State {
    const after: number[] = [];
    for (const index of state.steps) {
      const step = this.#program[index];
      if (step?.does === "byte" && step.set[byte] === 1) after.push(step.next);
    }
    if (this.#states.size >= mostStates) {
      this.#states = new Map();
      this.#initial = this.#start();
    }
    const next = this.#state(this.#closure(after, []));
    state.next[byte] = next;
    return next;
  }

  #state(steps: readonly number[]): State {
    const key = steps.join(",");
    const known = this.#states.get(key);
    if (known) return known;
    const accepted = this.#accepted(this.#closure(steps, ["atEnd"]));
    const state = makeState(steps, accepted);
    this.#states.set(key, state);
    return state;
  }

  #accepted(steps: readonly number[]): number {
    let lowest = -1;
    for (const index of steps) {
      const step = this.#program[index];
      if (step?.does !== "accept") continue;
      if (lowest < 0 || step.pattern < lowest) lowest = step.pattern;
    }
    return lowest;
  }

  /** Every step reachable without reading a byte; `holds` are the assertions that are true here. */
  #closure(from: readonly number[], holds: readonly Step["does"][]): number[] {
    const reached = new Set<number>();
    const open = [...from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const step = this.#program[index];
      if (step === undefined || reached.has(index)) continue;
      reached.add(index);
      if (step.does === "fork") open.push(step.next, step.other);
      else if ("next" in step && holds.includes(step.does)) open.push(step.next);
    }
    return [...reached].sort((a, b) => a - b);
  }
}

function makeState(steps: readonly number[], accepted: number): State {
  const next = Array.from<State | undefined>({ length: 256 });
  return { steps, next, dead: steps.length === 0, accepted };
}
