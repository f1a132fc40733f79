import type { StatusReport, TargetReport } from "../report.ts";
import { element, marked } from "./dom.ts";
import type { Words } from "./words.ts";

/** What a button asks for, as it goes to the server. */
export interface Wish {
  readonly do: string;
  readonly file: string;
  readonly target?: string;
  readonly path?: string;
}

/** What can be done at one target now. */
export function targetButtons(
  { file }: StatusReport,
  { name, paused, outage, halt, pending }: TargetReport,
  words: Words,
): HTMLElement {
  const wish = (what: string): Wish => ({ do: what, file, target: name });
  const isWaiting = outage !== undefined || pending.refused > 0;
  return element(
    "p",
    "actions",
    paused ? button(wish("resume"), words.resume) : button(wish("pause"), words.pause),
    ...(isWaiting ? [button(wish("retry"), words.retry)] : []),
    ...(halt === undefined ? [] : [button(wish("allow-deletions"), words.allowDeletions)]),
  );
}

/** What can be done with a watched directory. */
export function sourceButtons({ file }: StatusReport, path: string, words: Words): HTMLElement {
  return element("p", "actions", button({ do: "resync", file, path }, words.resync));
}

function button(wish: Wish, text: string): HTMLElement {
  const asked = JSON.stringify(wish);
  return marked(element("button", "", text), {
    type: "button",
    "data-wish": asked,
    "data-key": asked,
  });
}

/** Calls `listener` with what the button that was pressed below `place` asks for. */
export function onWish(place: Element, listener: (wish: Wish) => void): void {
  place.addEventListener("click", ({ target }) => {
    const pressed = (target as Element).closest("[data-wish]")?.getAttribute("data-wish");
    if (pressed) listener(JSON.parse(pressed) as Wish);
  });
}
