import { substitute, type Variables } from "./environment.ts";
import { quote } from "./mistake.ts";
import type { Report } from "./report.ts";
import { nearestWord } from "./spelling.ts";
import type { XmlElement } from "./tree.ts";
import { type AttributeRule, additions, type ElementRule, type ValueKind } from "./vocabulary.ts";

/** A value and where it stands (or would stand), for a later complaint about it. */
export interface Located<T> {
  readonly value: T;
  readonly offset: number;
}

/** An element together with its rule; `xml` is undefined when the file does not have it. */
export interface Node {
  readonly name: string;
  readonly rule: ElementRule;
  readonly xml: XmlElement | undefined;
  /** Of the element, or of the nearest one above it that exists. */
  readonly offset: number;
}

const switchWords: Readonly<Record<string, boolean>> = { true: true, false: false };
const looseSwitchWords: Readonly<Record<string, boolean>> = {
  "1": true,
  yes: true,
  on: true,
  "0": false,
  no: false,
  off: false,
};
const numberLimits = {
  port: { least: 1, most: 65_535, unit: "" },
  pagePort: { least: 0, most: 65_535, unit: "" },
  seconds: { least: 1, most: 86_400, unit: " seconds" },
  minutes: { least: 1, most: 525_600, unit: " minutes" },
  count: { least: 0, most: 1_000_000, unit: "" },
  percent: { least: 1, most: 100, unit: " percent" },
} as const;

/** Reads typed values out of the tree; every refusal goes to the report and a default comes back. */
export class Reader {
  readonly report: Report;
  readonly #variables: Variables;

  constructor(report: Report, variables: Variables) {
    this.report = report;
    this.#variables = variables;
  }

  /** The child element of that name; its absence is noted once, unless it is an optional one. */
  child(parent: Node, name: string): Node {
    const found = this.children(parent, name)[0];
    if (found) return found;
    const rule = ruleOf(parent, name);
    if (parent.xml && !rule.optional) this.#noteAbsent(parent, name, rule);
    return { name, rule, xml: undefined, offset: parent.offset };
  }

  /** All child elements of that name, in the order of the file. */
  children(parent: Node, name: string): Node[] {
    const rule = ruleOf(parent, name);
    const matching = parent.xml?.children.filter(
      (child) => child.name.toLowerCase() === name.toLowerCase(),
    );
    return (matching ?? []).map((xml) => ({ name, rule, xml, offset: xml.offset }));
  }

  /** A text value, trimmed, with `${NAME}` replaced; "" and a mistake when a needed one is absent. */
  text(node: Node, attribute: string): Located<string> {
    const rule = node.rule.attributes[attribute];
    if (rule === undefined) throw new RangeError(`${node.name} has no attribute ${attribute}`);
    const found = node.xml?.attributes.get(attribute.toLowerCase());
    if (found === undefined) return this.#absent(node, attribute, rule);
    const { value, unset } = substitute(found.value, this.#variables);
    for (const name of unset) {
      this.report.mistake(
        found.offset,
        `${node.name} ${attribute}: found \${${name}}, but the environment has no ${name}`,
      );
    }
    return { value, offset: found.offset };
  }

  /** `true` or `false`; 1/0, yes/no and on/off are taken with a warning. */
  switch(node: Node, attribute = "start"): boolean {
    const { value, offset } = this.text(node, attribute);
    const fallback = switchWords[node.rule.attributes[attribute]?.fallback ?? ""] ?? false;
    const word = value.toLowerCase();
    if (Object.hasOwn(switchWords, word)) return switchWords[word] ?? fallback;
    if (Object.hasOwn(looseSwitchWords, word)) {
      const meant = looseSwitchWords[word] ?? fallback;
      this.report.warning(
        offset,
        `${node.name} ${attribute}: found ${quote(value)}, taken as "${meant}"; sersync takes it as "false"`,
      );
      return meant;
    }
    const near = nearestWord(value, Object.keys(switchWords));
    this.report.mistake(
      offset,
      `${node.name} ${attribute}: found ${quote(value)}; allowed are "true" and "false"${didYouMean(near)}`,
    );
    return fallback;
  }

  /** A whole number within the limits of its kind. */
  number(node: Node, attribute: string, kind: keyof typeof numberLimits): Located<number> {
    const { value, offset } = this.text(node, attribute);
    const { least, most, unit } = numberLimits[kind];
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return { value: number, offset };
    this.report.mistake(
      offset,
      `${node.name} ${attribute}: found ${quote(value)}; allowed is a number from ${least} to ${most}${unit}`,
    );
    return { value: Number(node.rule.attributes[attribute]?.fallback), offset };
  }

  #absent(node: Node, attribute: string, rule: AttributeRule): Located<string> {
    const { fallback } = rule;
    const what = `${node.name} ${attribute}`;
    if (fallback === undefined) {
      this.report.mistake(node.offset, `<${node.name}>: the attribute ${attribute} is missing`);
    } else if (node.xml && !additions.has(what)) {
      this.report.note(node.offset, `${what} is absent; ${assumed(fallback)}`);
    }
    return { value: fallback ?? "", offset: node.offset };
  }

  #noteAbsent(parent: Node, name: string, rule: ElementRule): void {
    const [attribute, value] = Object.entries(rule.attributes)[0] ?? [];
    const taken =
      attribute === undefined ? "its defaults hold" : assumed(value?.fallback ?? "", attribute);
    this.report.note(parent.offset, `<${name}> is absent in <${parent.name}>; ${taken}`);
  }
}

/** The kinds a number can be read as. */
export type NumberKind = Extract<ValueKind, keyof typeof numberLimits>;

function ruleOf(parent: Node, name: string): ElementRule {
  const rule = parent.rule.children[name];
  if (rule === undefined) throw new RangeError(`<${parent.name}> has no element <${name}>`);
  return rule;
}

function assumed(value: string, attribute?: string): string {
  return `${attribute === undefined ? "" : `${attribute}=`}"${value}" is assumed`;
}

function didYouMean(word: string | undefined): string {
  return word === undefined ? "" : `; did you mean "${word}"?`;
}
