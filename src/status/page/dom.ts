/** Names of files come from strangers: what is shown is always text, never markup. */
export function element(tag: string, className = "", ...children: (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

/** The same with attributes, `data-key` among them: what {@link patch} knows a node by. */
export function marked(
  node: HTMLElement,
  attributes: Readonly<Record<string, string>>,
): HTMLElement {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** A list of terms and their values. */
export function facts(list: readonly (readonly [term: string, value: string])[]): HTMLElement {
  const items = list.map(([term, value]) =>
    element("div", "", element("dt", "", term), element("dd", "", value)),
  );
  return element("dl", "", ...items);
}

/** How much is through; where the whole is not known the bar only moves. */
export function progressBar(value: number, most: number | undefined): HTMLElement {
  const bar = element("progress");
  if (most === undefined) return bar;
  return marked(bar, { max: String(Math.max(most, value, 1)), value: String(value) });
}

/** What is longer may be broken anywhere. */
const longestWord = 12;

/** A folded table; a cell that begins with a digit, and its head, stand to the right. */
export function table(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const classOf = (text: string, column: number): string =>
    column > 0 && /^\d/.test(text) ? "number" : text.length > longestWord ? "long" : "";
  const [first = []] = rows;
  const head = heads.map((text, i) => element("th", classOf(first[i] ?? "", i), text));
  const body = rows.map((cells) =>
    element("tr", "", ...cells.map((text, i) => element("td", classOf(text, i), text))),
  );
  const details = element(
    "details",
    "",
    element("summary", "", title),
    element("table", "", element("tr", "", ...head), ...body),
  ) as HTMLDetailsElement;
  details.open = true;
  return marked(details, rows.length === 0 ? { hidden: "" } : {});
}

/** Only a person opens and closes what is folded. */
const persons = new Set(["open"]);

/**
 * Makes a node like another one and touches only what differs, so that a click, the focus and what
 * is selected survive. What is in a node marked `data-kept` is left alone.
 */
export function patch(node: Element, wanted: Element): void {
  for (const name of node.getAttributeNames()) {
    if (!wanted.hasAttribute(name) && !persons.has(name)) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) !== value && !persons.has(name)) node.setAttribute(name, value);
  }
  if (wanted.hasAttribute("data-kept")) return;
  const children = [...wanted.childNodes];
  for (const [index, child] of children.entries()) patchChild(node, node.childNodes[index], child);
  while (node.childNodes.length > children.length) node.lastChild?.remove();
}

function patchChild(parent: Element, found: ChildNode | undefined, wanted: ChildNode): void {
  if (found === undefined) parent.append(wanted);
  else if (found instanceof Element && wanted instanceof Element && isSame(found, wanted)) {
    patch(found, wanted);
  } else if (found instanceof Text && wanted instanceof Text) {
    if (found.data !== wanted.data) found.data = wanted.data;
  } else found.replaceWith(wanted);
}

function isSame(one: Element, other: Element): boolean {
  const key = "data-key";
  return one.tagName === other.tagName && one.getAttribute(key) === other.getAttribute(key);
}
