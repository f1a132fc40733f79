import { type OptionRule, own } from "../../config/option-rule.ts";
import { does } from "./filter-flags.ts";

/** What can be told while a push runs; numbers are how much of it, 0 nothing. */
export type InfoName = "del" | "flist" | "name" | "progress" | "stats" | "symsafe";

/** What is told of what. */
export interface InfoFlags {
  verbosity: number;
  /** `--info`: of these and of nothing else it decides, wherever it stands. */
  readonly info: Map<InfoName, number>;
  /** What other options ask for. */
  readonly impliedInfo: Map<InfoName, number>;
  /** The same as the daemon is told it: `NONE`, and what was said of single names after it. */
  infoThere: { readonly all: string | undefined; readonly names: ReadonlyMap<string, number> };
}

/** As they are before any option was read. */
export function initialInfo(): InfoFlags {
  const infoThere = { all: undefined, names: new Map() };
  return { verbosity: 0, info: new Map(), impliedInfo: new Map(), infoThere };
}

const infoNames = ["del", "flist", "name", "progress", "stats", "symsafe"] as const;
/** Told by the daemon, if at all. */
const otherNames = ["backup", "copy", "misc", "mount", "nonreg", "remove", "skip"] as const;
const allNames: ReadonlySet<string> = new Set([...infoNames, ...otherNames]);
/** What concerns who sends, and nobody else. */
const ownNames: ReadonlySet<string> = new Set(["flist", "progress", "remove"]);
const mostLevel = 4;
/** What `--progress` asks for. */
const ofProgress = ["progress", "name", "flist"] as const;

/** The options that say of what it is told. */
export function informing(flags: InfoFlags): OptionRule[] {
  const { impliedInfo } = flags;
  return [
    does("progress", () => {
      showProgress(flags);
    }),
    does("no-progress", () => {
      for (const name of ofProgress) impliedInfo.delete(name);
    }),
    does("stats", () => {
      impliedInfo.set("stats", 2);
    }),
    own("P P", (_, { options }) => {
      options.partial = true;
      showProgress(flags);
      return undefined;
    }),
    own("info=", (value) => readInfo(value, flags)),
  ];
}

/** How much is told of something, where `-v` asks for `most` of it. */
export function infoLevel(flags: InfoFlags, name: InfoName, most: number): number {
  const { info, impliedInfo, verbosity } = flags;
  return info.get(name) ?? Math.max(impliedInfo.get(name) ?? 0, Math.min(verbosity, most));
}

/** The value of `--info` for the daemon; undefined: nothing concerns it. */
export function infoForDaemon({ infoThere: { all, names } }: InfoFlags): string | undefined {
  const told = [...names]
    .filter(([name]) => !ownNames.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const words = told.map(([name, level]) => name.toUpperCase() + (level === 1 ? "" : level));
  const value = [...(all === undefined ? [] : [all]), ...words].join();
  return value === "" ? undefined : value;
}

function showProgress({ impliedInfo }: InfoFlags): void {
  for (const name of ofProgress) impliedInfo.set(name, 1);
}

function readInfo(value: string, flags: InfoFlags): string | undefined {
  for (const word of value.toLowerCase().split(",")) {
    const [, name = "", digit = ""] = /^([a-z]+)(\d?)$/.exec(word) ?? [];
    const level = name === "none" ? 0 : Math.min(Number(digit || 1), mostLevel);
    if (name === "none" || name === "all") tellOfAll(flags, name, level);
    else if (allNames.has(name)) tellOf(flags, name, level);
    else if (word !== "") return `names such as ${infoNames.join(", ")}`;
  }
  return undefined;
}

function tellOfAll(flags: InfoFlags, word: string, level: number): void {
  for (const name of infoNames) flags.info.set(name, level);
  const all = word.toUpperCase() + (level > 1 ? level : "");
  flags.infoThere = { all: level === 0 ? "NONE" : all, names: new Map() };
}

function tellOf(flags: InfoFlags, name: string, level: number): void {
  const { infoThere, info } = flags;
  flags.infoThere = { ...infoThere, names: new Map([...infoThere.names, [name, level]]) };
  if ((infoNames as readonly string[]).includes(name)) info.set(name as InfoName, level);
}
