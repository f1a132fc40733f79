import { quote } from "./mistake.ts";
import type { Report } from "./report.ts";
import { nearestWord } from "./spelling.ts";
import type { XmlElement } from "./tree.ts";
import { type ElementRule, elementHomes, headRule } from "./vocabulary.ts";

/**
 * Compares every name in the tree with the vocabulary.
 *
 * sersync ignored what it did not know and crashed on what it missed. Here a name that is nearly a
 * known one, or known in another place and missing there, is a mistake; any other is only noted.
 */
export function checkNames(root: XmlElement, report: Report): void {
  const present = new Set<string>();
  collectNames(root, "head", present);
  checkElement(root, headRule, "head", { report, present });
}

interface Context {
  readonly report: Report;
  /** Lower-case paths of all elements in the file. */
  readonly present: ReadonlySet<string>;
}

function collectNames(element: XmlElement, path: string, present: Set<string>): void {
  present.add(path.toLowerCase());
  for (const child of element.children) collectNames(child, `${path}/${child.name}`, present);
}

function checkElement(
  element: XmlElement,
  rule: ElementRule,
  path: string,
  context: Context,
): void {
  checkAttributes(element, rule, context.report);
  const known = new Map(Object.keys(rule.children).map((name) => [name.toLowerCase(), name]));
  const seen = new Set<string>();
  for (const child of element.children) {
    const name = known.get(child.name.toLowerCase());
    const childRule = name === undefined ? undefined : rule.children[name];
    if (name === undefined || childRule === undefined) {
      reportUnknown(child, element.name, known.values(), context);
      continue;
    }
    if (seen.has(name) && !childRule.many) {
      context.report.warning(
        child.offset,
        `<${child.name}> stands again in <${element.name}>; the first one is taken`,
      );
    }
    seen.add(name);
    checkElement(child, childRule, `${path}/${name}`, context);
  }
}

function reportUnknown(
  child: XmlElement,
  parent: string,
  known: Iterable<string>,
  { report, present }: Context,
): void {
  const homes = elementHomes.get(child.name.toLowerCase()) ?? [];
  const home = homes.find((path) => !present.has(`${path}/${child.name}`.toLowerCase()));
  const found = `<${child.name}> is not known in <${parent}>`;
  if (home !== undefined) {
    report.mistake(child.offset, `${found}; it belongs into <${home.split("/").join("><")}>`);
    return;
  }
  const meant = homes.length > 0 ? undefined : nearestWord(child.name, known);
  if (meant !== undefined) report.mistake(child.offset, `${found}; did you mean <${meant}>?`);
  else report.note(child.offset, `${found} and is ignored`);
}

function checkAttributes(element: XmlElement, rule: ElementRule, report: Report): void {
  const known = Object.keys(rule.attributes);
  for (const [name, attribute] of element.attributes) {
    if (known.some((word) => word.toLowerCase() === name)) continue;
    const found = `${element.name} ${attribute.name}: the attribute is not known here`;
    const meant = nearestWord(name, known);
    if (meant === undefined) report.note(attribute.offset, `${found} and is ignored`);
    else report.mistake(attribute.offset, `${found}; did you mean ${quote(meant)}?`);
  }
}
