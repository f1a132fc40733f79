import type { SourceReport, StatusReport } from "../report.ts";
import { count, duration } from "./amounts.ts";
import { element } from "./dom.ts";
import { TargetCard } from "./target-card.ts";
import { chooseLanguage, chosenLanguage, type Words, wordsOf } from "./words.ts";

const main = document.querySelector("main") as HTMLElement;
const summary = document.querySelector("#summary") as HTMLElement;
const languageButton = document.querySelector("#language") as HTMLButtonElement;
const cards = new Map<string, TargetCard>();
let language = chosenLanguage();
let reports: readonly StatusReport[] | undefined;

languageButton.addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  chooseLanguage(language);
  show();
});

const events = new EventSource("/api/events");
events.addEventListener("message", ({ data }) => {
  reports = JSON.parse(data as string) as StatusReport[];
  for (const { source, target, key } of targetsOf(reports)) {
    const card = cards.get(key) ?? new TargetCard(source.directory);
    cards.set(key, card);
    card.take(target, Date.now());
  }
  show();
});
events.addEventListener("error", () => {
  summary.textContent = wordsOf(language).lost;
  main.classList.add("stale");
});

function* targetsOf(all: readonly StatusReport[]) {
  for (const source of all.flatMap(({ sources }) => sources)) {
    for (const target of source.targets) {
      yield { source, target, key: `${source.directory}\n${target.name}` };
    }
  }
}

function show(): void {
  const words = wordsOf(language);
  document.documentElement.lang = language;
  languageButton.textContent = words.language;
  if (reports === undefined) return;
  main.classList.toggle("stale", events.readyState !== EventSource.OPEN);
  summary.textContent = summaryOf(reports, words);
  main.replaceChildren(...reports.flatMap((report) => sectionsOf(report, words)));
}

function summaryOf(current: readonly StatusReport[], words: Words): string {
  const targets = [...targetsOf(current)].map(({ target }) => target);
  const paths = targets.reduce((sum, { pending }) => sum + pending.paths, 0);
  const bad = targets.filter(({ up, halt }) => !up || halt !== undefined).length;
  const state = paths === 0 ? words.allWell : words.pendingIn(count(paths));
  const trouble = bad === 0 ? [] : [words.trouble(bad)];
  const [first] = current;
  const started = Date.parse(first?.startedAt ?? "");
  const uptime = words.uptime(duration((Date.now() - started) / 1000));
  document.title = `${bad > 0 ? "⚠ " : ""}sersync: ${[state, ...trouble].join(", ")}`;
  return [state, ...trouble, uptime, first?.version ?? ""].join(" · ");
}

function sectionsOf({ sources }: StatusReport, words: Words): HTMLElement[] {
  return sources.map((source) => {
    const shown = source.targets.map(({ name }) =>
      (cards.get(`${source.directory}\n${name}`) as TargetCard).show(words),
    );
    return element(
      "section",
      "",
      element("h2", "", source.directory),
      ...watcherLines(source, words),
      ...shown,
    );
  });
}

function watcherLines({ watcher }: SourceReport, words: Words): HTMLElement[] {
  const { backend, state, directories, overflows, unwatched, missingMounts } = watcher;
  const parts = [
    words.watcherStates[state] ?? state,
    words.directories(count(directories), backend),
  ];
  if (overflows > 0) parts.push(words.overflows(count(overflows)));
  const lines = [element("p", state === "source gone" ? "notice" : "faint", parts.join(" · "))];
  if (unwatched.length > 0) {
    const text = `${words.unwatched(unwatched.length)}: ${unwatched.slice(0, 5).join(", ")}`;
    lines.push(element("p", "notice warn", text));
  }
  if (missingMounts.length > 0) {
    lines.push(element("p", "notice", `${words.missingMounts}: ${missingMounts.join(", ")}`));
  }
  return lines;
}
