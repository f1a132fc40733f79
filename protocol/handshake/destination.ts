import type { BytePath } from "../path.ts";

/**
 * The destination argument: a module and a directory below it, as a byte string.
 *
 * The daemon expands wildcards, a directory at a time, and splits at " module/" (spec 1 §2.1), so
 * both are defused. A backslash means itself in names without wildcards.
 */
export function destinationArgument(
  module: string,
  directory: BytePath,
  { namesFile = false }: { readonly namesFile?: boolean | undefined } = {},
): string {
  if (directory === "") return `${module}/`;
  const names = `${directory}${namesFile ? "" : "/"}`.split("/");
  const last = names.length - 1;
  const defused = names.map((name, index) => nameArgument(name, module, index < last));
  return belowModule(module, defused.join("/"));
}

/**
 * The argument that leads to a place below a module. The daemon takes the module off before it reads
 * its arguments: a place that begins with a dash would be options, `-extras/` an `-e`.
 */
export function belowModule(module: string, place: string): string {
  return `${module}/${place.startsWith("-") ? "./" : ""}${place}`;
}

/**
 * How many names of `directory` go before the first that an argument says by a pattern; undefined
 * when it says none so. A daemon finds such a name, but makes one that is the pattern itself.
 */
export function namesBeforePattern(module: string, directory: BytePath): number | undefined {
  const index = directory.split("/").findIndex((name) => nameArgument(name, module, true) !== name);
  return index < 0 ? undefined : index;
}

function nameArgument(name: string, module: string, isDirectory: boolean): string {
  const end = isDirectory && name.endsWith(` ${module}`) ? module : "";
  if (end === "" && !/[*?[]/.test(name)) return name;
  if (end === "") return escaped(name);
  return `${escaped(name.slice(0, -end.length - 1))}[ ]${escaped(end)}`;
}

function escaped(name: string): string {
  return name.replaceAll(/[\\*?[\]]/g, "\\$&");
}
