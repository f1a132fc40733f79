import { expandVariables, type Variables } from "./expansion.ts";
import { type ConfFiles, filesOf } from "./files.ts";
import { type ConfLine, readLines } from "./lines.ts";
import { parameters } from "./parameters.ts";
import { Findings, type Place, type Problem, quoted } from "./problem.ts";

/** What a parameter was set to, with variables put in, and where. Byte strings. */
export interface Setting {
  readonly value: string;
  readonly place: Place;
}

/** By the names of parameters without blanks. */
export type Settings = ReadonlyMap<string, Setting>;

/** A module as it is written. */
export interface ConfSection {
  readonly name: string;
  readonly place: Place;
  /** With the defaults that hold where it begins. */
  readonly settings: Settings;
}

/** An rsyncd.conf with everything that it includes. */
export interface Conf {
  readonly settings: Settings;
  readonly sections: readonly ConfSection[];
  /** What rsync would say in its log, and go on. */
  readonly warnings: readonly Problem[];
}

export interface ReadConfOptions {
  readonly files: ConfFiles;
  readonly variables: Variables;
}

const deepestInclude = 10;
const mostFiles = 1_000;

/**
 * Reads an rsyncd.conf (rsyncd.conf(5)).
 *
 * @throws {ConfError} for everything that keeps rsync from serving, all at once.
 */
export function readConf(file: string, options: ReadConfOptions): Conf {
  const reader = new Reader(options);
  reader.readFile(file, { defaults: reader.defaults, depth: 0 });
  return reader.finish();
}

/** Where in the files reading is: what holds for modules that begin now, and which module it is. */
interface Scope {
  readonly defaults: Map<string, Setting>;
  readonly depth: number;
  section?: Draft | undefined;
}

interface Draft extends ConfSection {
  readonly settings: Map<string, Setting>;
}

class Reader {
  readonly defaults = new Map<string, Setting>();
  readonly #options: ReadConfOptions;
  readonly #sections = new Map<string, Draft>();
  readonly #findings = new Findings();
  #filesLeft = mostFiles;

  constructor(options: ReadConfOptions) {
    this.#options = options;
  }

  finish(): Conf {
    this.#findings.check();
    const sections = [...this.#sections.values()];
    for (const section of sections) this.#complete(section);
    return { settings: this.defaults, sections, warnings: this.#findings.warnings };
  }

  readFile(file: string, scope: Scope): void {
    const content = this.#options.files.read(file);
    if (typeof content !== "string") {
      this.#findings.mistake({ file, line: 1 }, `it cannot be read: ${content.reason}`);
      return;
    }
    for (const each of readLines(content)) this.#take(each, { file, line: each.line }, scope);
  }

  #take(each: ConfLine, place: Place, scope: Scope): void {
    if (each.kind === "mistake") this.#findings.mistake(place, each.text);
    else if (each.kind === "ignored") {
      this.#findings.warn(place, `${each.text}; the line is ignored`);
    } else if (each.kind === "directive") this.#include(each, place, scope);
    else if (each.kind === "parameter") this.#set(each, place, scope);
    else scope.section = this.#sectionNamed(this.#expand(each.name), place, scope);
  }

  #set(
    { name, title, value }: Extract<ConfLine, { kind: "parameter" }>,
    place: Place,
    { section, defaults }: Scope,
  ): void {
    const parameter = parameters.get(name);
    if (parameter === undefined) {
      this.#findings.warn(place, `unknown parameter ${quoted(title)}; it is ignored`);
      return;
    }
    const setting = { value: this.#expand(value), place };
    if (parameter.scope === "module") {
      (section?.settings ?? defaults).set(name, setting);
      return;
    }
    this.defaults.set(name, setting);
    if (section === undefined) return;
    this.#findings.warn(place, `${quoted(title)} is for the whole daemon, and stands in a module`);
  }

  #sectionNamed(name: string, place: Place, { defaults }: Scope): Draft | undefined {
    const key = name.toLowerCase();
    if (key === "global") return undefined;
    const known = this.#sections.get(key);
    if (known !== undefined) return known;
    const section = { name, place, settings: new Map(defaults) };
    this.#sections.set(key, section);
    return section;
  }

  #include(
    { merges, path }: Extract<ConfLine, { kind: "directive" }>,
    place: Place,
    scope: Scope,
  ): void {
    const depth = scope.depth + 1;
    const found = filesOf(this.#options.files, place.file, { path: this.#expand(path), merges });
    if (!Array.isArray(found)) {
      this.#findings.mistake(place, `${quoted(path)} cannot be read: ${found.reason}`);
      return;
    }
    this.#filesLeft -= found.length;
    if (depth > deepestInclude || this.#filesLeft < 0) {
      this.#findings.mistake(
        place,
        `at most ${mostFiles} files can be included, ${deepestInclude} deep: found more, or a circle`,
      );
      return;
    }
    for (const file of found) {
      if (merges) this.#merge(file, scope, depth);
      else this.readFile(file, { defaults: new Map(scope.defaults), depth });
    }
    // As in rsync a module ends where other files are included.
    if (!merges) scope.section = undefined;
  }

  /** As if its lines stood here: the module that it ends in goes on behind it. */
  #merge(file: string, scope: Scope, depth: number): void {
    const { defaults, section } = scope;
    const inside: Scope = { defaults, depth, section };
    this.readFile(file, inside);
    scope.section = inside.section;
  }

  #complete({ name, settings }: Draft): void {
    // Texts that a module has no default for take the last one, as in rsync.
    for (const [key, setting] of this.defaults) {
      const { scope, kind } = parameters.get(key) ?? {};
      if (scope === "module" && kind === "text" && !settings.has(key)) settings.set(key, setting);
    }
    const own = (variable: string): string | undefined =>
      variable === "RSYNC_MODULE_NAME" ? name : undefined;
    for (const [key, { value, place }] of settings) {
      settings.set(key, { value: expandVariables(value, own), place });
    }
  }

  #expand(text: string): string {
    return expandVariables(text, this.#options.variables);
  }
}
