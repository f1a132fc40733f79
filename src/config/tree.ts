import { XMLParser } from "fast-xml-parser";
import { trimBlanks } from "./blank.ts";
import type { Token } from "./markup.ts";
import type { Report } from "./report.ts";
import type { AttributeToken, TagToken } from "./tag.ts";

/** One attribute: its value with entities decoded, as a byte string, and where it stands. */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
  readonly offset: number;
}

/** One element and where it stands. */
export interface XmlElement {
  readonly name: string;
  readonly offset: number;
  /** Keyed by lower-case name. */
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly children: readonly XmlElement[];
}

const attributesKey = ":@";
type ParsedNode = Readonly<Record<string, unknown>>;

const parser: XMLParser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  // Without a prefix the library refuses or renames attributes called "constructor" and the like.
  attributeNamePrefix: "@",
  parseAttributeValue: false,
  trimValues: false,
  maxNestedTags: 64,
});

/**
 * The document as a tree, or undefined (with a mistake reported) when it cannot be one.
 *
 * fast-xml-parser does the parsing; it is given the tags as strict XML and answers without places,
 * so places are joined again by document order.
 */
export function buildTree(tokens: readonly Token[], report: Report): XmlElement | undefined {
  const tags = tokens.filter((token) => token.kind === "open");
  for (const tag of tags) for (const token of tag.attributes) checkEntities(token, report);
  try {
    const [root] = parser.parse(strictXml(tokens)) as ParsedNode[];
    return root === undefined ? undefined : toElement(root, tags.values());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report.mistake(0, `cannot read this as XML: ${reason}`);
    return undefined;
  }
}

/** The same tags with every value quoted and escaped, and nothing between them. */
function strictXml(tokens: readonly Token[]): string {
  return tokens.map((token) => (token.kind === "open" ? openTag(token) : closeTag(token))).join("");
}

function openTag(tag: TagToken): string {
  const attributes = tag.attributes.map(({ name, value }) => ` ${name}="${escaped(value)}"`);
  return `<${tag.name}${attributes.join("")}${tag.selfClosing ? "/" : ""}>`;
}

function closeTag(token: Token): string {
  return "damaged" in token && token.damaged ? "" : `</${token.name}>`;
}

function escaped(value: string): string {
  return value.replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Takes one tag from `tags` per element: both are in document order. */
function toElement(node: ParsedNode, tags: Iterator<TagToken>): XmlElement {
  const tag = tags.next().value as TagToken;
  const values = (node[attributesKey] ?? {}) as Readonly<Record<string, string>>;
  const content = Object.entries(node).find(([key]) => key !== attributesKey)?.[1];
  return {
    name: tag.name,
    offset: tag.offset,
    attributes: new Map(tag.attributes.map((token) => toAttribute(token, values))),
    children: (content as ParsedNode[]).map((child) => toElement(child, tags)),
  };
}

function toAttribute(
  token: AttributeToken,
  values: Readonly<Record<string, string>>,
): readonly [string, XmlAttribute] {
  const value = trimBlanks(values[`@${token.name}`] ?? "");
  return [token.name.toLowerCase(), { name: token.name, value, offset: token.valueOffset }];
}

/** What sersync refused too; the library would pass it on as it stands. */
function checkEntities(token: AttributeToken, report: Report): void {
  const bare = /&(?!(?:amp|lt|gt|quot|apos);)/.exec(token.value);
  if (bare === null) return;
  report.mistake(token.valueOffset + bare.index, `${token.name}: a bare &; write &amp;`);
}
