import type { SourceReport, StatusReport, TargetReport } from "../report.ts";
import { count, duration } from "./amounts.ts";
import { onWish, sourceButtons, targetButtons, type Wish } from "./buttons.ts";
import { Course } from "./course.ts";
import { element, marked, patch } from "./dom.ts";
import { Key } from "./key.ts";
import { pluginLines, watcherLines } from "./source-section.ts";
import { targetCard } from "./target-card.ts";
import { TokenDialog } from "./token-dialog.ts";
import { chooseLanguage, chosenLanguage, type Words, wordsOf } from "./words.ts";

const main = document.querySelector("main") as HTMLElement;
const summary = document.querySelector("#summary") as HTMLElement;
const said = document.querySelector("#said") as HTMLElement;
const languageButton = document.querySelector("#language") as HTMLButtonElement;
const courses = new Map<string, Course>();
const key = new Key();
const dialog = new TokenDialog(key, show);
/** Browsers take 3 to 5 s themselves. */
const retryMs = 5_000;
let language = chosenLanguage();
let reports: readonly StatusReport[] | undefined;

languageButton.addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  chooseLanguage(language);
  show();
});

let events = listen();

function listen(): EventSource {
  const source = new EventSource("/api/events");
  source.addEventListener("open", () => void key.look().then(show, () => {}));
  source.addEventListener("message", ({ data }) => take(JSON.parse(data as string)));
  source.addEventListener("error", () => {
    summary.textContent = wordsOf(language).lost;
    main.classList.add("stale");
    // A browser gives up when anything but events is answered: by a proxy, or because many read.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => (events = listen()), retryMs);
  });
  return source;
}

function take(told: readonly StatusReport[]): void {
  reports = told;
  for (const { target, key: name } of targetsOf(reports)) {
    const course = courses.get(name) ?? new Course();
    courses.set(name, course);
    course.take(target, Date.now());
  }
  show();
}

onWish(main, (wish) => void carryOut(wish));

async function carryOut(wish: Wish): Promise<void> {
  const words = wordsOf(language);
  const isSure = wish.do !== "allow-deletions" || confirm(words.sureToDelete(wish.target ?? ""));
  if (!isSure) return;
  const problem = await key.act(wish).catch((error: Error) => error.message);
  said.textContent = problem === undefined ? words.done : words.notDone(problem);
  said.className = problem === undefined ? "notice good" : "notice";
  said.hidden = false;
  setTimeout(() => {
    said.hidden = true;
  }, 5_000);
  show();
}

function* targetsOf(all: readonly StatusReport[]) {
  for (const report of all) {
    for (const source of report.sources) {
      for (const target of source.targets) {
        yield { target, key: `${report.file}\n${source.directory}\n${target.name}` };
      }
    }
  }
}

function show(): void {
  const words = wordsOf(language);
  document.documentElement.lang = language;
  languageButton.textContent = words.language;
  dialog.show(words);
  if (reports === undefined) return;
  main.classList.toggle("stale", events.readyState !== EventSource.OPEN);
  summary.textContent = summaryOf(reports, words);
  const shown = element("main", main.className);
  shown.id = main.id;
  shown.append(...reports.flatMap((report) => sectionsOf(report, words)));
  patch(main, shown);
  for (const article of main.querySelectorAll("article")) {
    courses.get(article.getAttribute("data-key") ?? "")?.settle(article);
  }
}

function summaryOf(current: readonly StatusReport[], words: Words): string {
  const targets = [...targetsOf(current)].map(({ target }) => target);
  const paths = targets.reduce((sum, { pending }) => sum + pending.paths, 0);
  const watchers = current.flatMap(({ sources }) => sources).map(({ watcher }) => watcher);
  const bad = targets.filter(isInTrouble).length + watchers.filter(misses).length;
  const settled = targets.some(isUncompared) ? words.notCompared : words.allWell;
  const state = paths === 0 ? settled : words.pendingIn(count(paths));
  const trouble = bad === 0 ? [] : [words.trouble(bad)];
  const [first] = current;
  const started = Date.parse(first?.startedAt ?? "");
  const uptime = words.uptime(duration((Date.now() - started) / 1000));
  document.title = `${bad > 0 ? "⚠ " : ""}sersync: ${[state, ...trouble].join(", ")}`;
  return [state, ...trouble, uptime, first?.version ?? ""].join(" · ");
}

function isInTrouble({ up, paused, halt, pending }: TargetReport): boolean {
  return !up || paused || halt !== undefined || pending.refused > 0;
}

/** True for one that does not notice everything. */
function misses({ state, unwatched, missingMounts }: SourceReport["watcher"]): boolean {
  return state !== "watching" || unwatched.length + missingMounts.length > 0;
}

/** What has never been compared, or must be again, may lack what nobody knows of. */
function isUncompared({ comparison: { state, completedAt } }: TargetReport): boolean {
  return state === "wanted" || (state === "running" && completedAt === undefined);
}

function sectionsOf(report: StatusReport, words: Words): HTMLElement[] {
  return report.sources.map((source) => {
    const cards = source.targets.map((target) => {
      const name = `${report.file}\n${source.directory}\n${target.name}`;
      const card = targetCard(target, courses.get(name) as Course, words);
      if (key.isHere) card.querySelector("h3")?.append(targetButtons(report, target, words));
      return marked(card, { "data-key": name });
    });
    const title = element("h2", "", element("span", "", source.directory));
    if (key.isHere) title.append(sourceButtons(report, source.directory, words));
    const mistakes = report.lastReload?.mistakes ?? [];
    const complaints = mistakes.map((mistake) => element("p", "notice", mistake));
    const lines = [...complaints, ...watcherLines(source, words), ...pluginLines(report, words)];
    return element("section", "", title, ...lines, ...cards);
  });
}
