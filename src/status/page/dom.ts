/** Names of files come from strangers: what is shown is always text, never markup. */
export function element(tag: string, className = "", ...children: (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

/** A list of terms and their values. */
export function facts(list: readonly (readonly [term: string, value: string])[]): HTMLElement {
  const items = list.map(([term, value]) =>
    element("div", "", element("dt", "", term), element("dd", "", value)),
  );
  return element("dl", "", ...items);
}

/** What is longer may be broken anywhere. */
const longestWord = 12;

/** A folded table; a cell that begins with a digit, and its head, stand to the right. */
export function table(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  open: boolean,
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
  details.open = open;
  return details;
}
