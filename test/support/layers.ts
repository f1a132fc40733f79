import fs from "node:fs";
import path from "node:path";

/**
 * The layers, lowest first. A file belongs to the first row that names it or a folder around it,
 * and may import its own row and the rows below it.
 */
export const layers: Readonly<Record<"protocol" | "src", readonly (readonly string[])[]>> = {
  protocol: [
    [
      "protocol/errors.ts",
      "protocol/path.ts",
      "protocol/options.ts",
      "protocol/failure.ts",
      "protocol/agreement.ts",
    ],
    ["protocol/wire"],
    ["protocol/mux", "protocol/native"],
    ["protocol/flist", "protocol/delta", "protocol/source"],
    ["protocol/transport"],
    ["protocol/destination"],
    ["protocol/handshake", "protocol/roles"],
    ["protocol/totals.ts", "protocol/daemon-texts.ts"],
    ["protocol/entry-states.ts", "protocol/path-archive.ts"],
    ["protocol/knowledge.ts", "protocol/report.ts", "protocol/target.ts"],
    ["protocol/observers.ts"],
    ["protocol/under-way.ts"],
    [
      "protocol/pull-report.ts",
      "protocol/pull-job.ts",
      "protocol/pull-request.ts",
      "protocol/pull-expectation.ts",
      "protocol/pull-intake.ts",
    ],
    ["protocol/rename.ts", "protocol/transfer.ts", "protocol/opening.ts", "protocol/making.ts"],
    ["protocol/messages.ts"],
    ["protocol/session.ts", "protocol/lister.ts", "protocol/puller.ts"],
    ["protocol/waiting.ts", "protocol/turn-queue.ts", "protocol/pool.ts"],
    [
      "protocol/url.ts",
      "protocol/client.ts",
      "protocol/progress.ts",
      "protocol/result.ts",
      "protocol/daemon",
    ],
    ["protocol/pull.ts", "protocol/renaming.ts"],
    ["protocol/index.ts"],
  ],
  src: [
    [
      "src/amount.ts",
      "src/display.ts",
      "src/log.ts",
      "src/log-file.ts",
      "src/log-output.ts",
      "src/printable.ts",
    ],
    ["src/watch", "src/config", "src/filter", "src/control"],
    ["src/pending"],
    ["src/state", "src/journal"],
    ["src/push"],
    ["src/target", "src/status"],
    ["src/plugin"],
    [
      "src/own-files.ts",
      "src/source-options.ts",
      "src/mirrored-source.ts",
      "src/mirror.ts",
      "src/service",
      "src/serve",
      "src/cli",
    ],
    ["src/index.ts"],
    ["src/main.ts"],
  ],
};

/** These turn bytes into values and back: no socket, no file, no clock. */
const pure = ["protocol/wire", "protocol/flist", "protocol/delta", "protocol/mux/frame.ts"];
const impureModules =
  /^node:(net|tls|dns|http|https|fs|fs\/promises|timers|timers\/promises|child_process|worker_threads|perf_hooks)$/;
const clocks = /\b(setTimeout|setInterval|setImmediate|Date\.now|new Date|performance\.now)\b/;

/** What may start a process: the operator's own plugin command, and `-d` this program again. */
const processStarters = ["src/plugin/command.ts", "src/cli/daemon.ts"];

const importPatterns = [
  /^\s*(?:import|export)\b[^;"']*?\bfrom\s+"([^"]+)"/gm,
  /^\s*import\s+"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"/g,
  /\bnew URL\("(\.[^"]+)",\s*import\.meta\.url\)/g, // a worker's entry
];

/** What `source` imports: every kind of import, export from, and worker entry. */
export function importsOf(source: string): string[] {
  return importPatterns.flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => match[1] ?? ""),
  );
}

function contains(place: string, file: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

function layerOf(file: string): number {
  const rows = file.startsWith("src/") ? layers.src : layers.protocol;
  return rows.findIndex((row) => row.some((place) => contains(place, file)));
}

function judgeInside(from: string, to: string): string | undefined {
  if (from.startsWith("protocol/") && to.startsWith("src/")) return "protocol imports from src";
  if (from.startsWith("src/") && to.startsWith("protocol/")) {
    return to === "protocol/index.ts" ? undefined : "src imports protocol past its index.ts";
  }
  return layerOf(to) > layerOf(from) ? "points up" : undefined;
}

function judgePackage(from: string, name: string): string | undefined {
  if (/^(node:)?child_process$/.test(name) && !processStarters.includes(from)) {
    return "starts processes";
  }
  const isPure = pure.some((place) => contains(place, from));
  return isPure && impureModules.test(name) ? "is not pure" : undefined;
}

function judgeImport(from: string, imported: string): string | undefined {
  if (!imported.startsWith(".")) return judgePackage(from, imported);
  return judgeInside(from, path.posix.join(path.posix.dirname(from), imported));
}

function judgeFile(file: string, source: string): string[] {
  if (layerOf(file) < 0) return [`${file}: no layer in test/support/layers.ts holds it`];
  const found = importsOf(source).flatMap((imported) => {
    const why = judgeImport(file, imported);
    return why === undefined ? [] : [`${file} imports ${imported}: ${why}`];
  });
  const clock = pure.some((place) => contains(place, file)) ? clocks.exec(source) : null;
  if (clock !== null) found.push(`${file} uses ${clock[0]}: is not pure`);
  return found;
}

/** What breaks the layering in `sources` (text by path from the top), one line each. */
export function layerViolations(sources: Readonly<Record<string, string>>): string[] {
  return Object.entries(sources).flatMap(([file, source]) => judgeFile(file, source));
}

/** The files of `sources` that import each other in a circle, or lie between two such circles. */
export function filesInCircles(sources: Readonly<Record<string, string>>): string[] {
  return inCircles(importsOfEach(sources, (file) => file));
}

/** The same of rooms: a room is a folder of `src/` or `protocol/` with all in it, or a file there. */
export function roomsInCircles(sources: Readonly<Record<string, string>>): string[] {
  return inCircles(importsOfEach(sources, (file) => file.split("/").slice(0, 2).join("/")));
}

function importsOfEach(
  sources: Readonly<Record<string, string>>,
  placeOf: (file: string) => string,
): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, source] of Object.entries(sources)) {
    const place = placeOf(file);
    const imports = found.get(place) ?? new Set();
    for (const imported of inside(file, source)) imports.add(placeOf(imported));
    imports.delete(place);
    found.set(place, imports);
  }
  return found;
}

/** What is left when nothing can be taken away that imports nothing left, or that nothing left imports. */
function inCircles(importsOfEach: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  let left = [...importsOfEach];
  for (;;) {
    const names = new Set(left.map(([name]) => name));
    const imported = new Set(left.flatMap(([, imports]) => [...imports]));
    const next = left.filter(
      ([name, imports]) => imported.has(name) && [...imports].some((each) => names.has(each)),
    );
    if (next.length === left.length) return left.map(([name]) => name);
    left = next;
  }
}

function inside(file: string, source: string): string[] {
  return importsOf(source)
    .filter((imported) => imported.startsWith("."))
    .map((imported) => path.posix.join(path.posix.dirname(file), imported));
}

/** The text of every TypeScript file below `folders`, by its path from `root`. */
export function readSources(root: string, folders: readonly string[]): Record<string, string> {
  const files = folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => path.posix.join(folder, name)),
  );
  return Object.fromEntries(
    files.map((file) => [file, fs.readFileSync(path.join(root, file), "utf8")]),
  );
}
