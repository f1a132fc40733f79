import { asBytePath, type BytePath, displayPath, pathFromText } from "../../protocol/index.ts";
import type { Config } from "../config/schema.ts";
import { absolutePath } from "../config/surroundings.ts";

/** A path in one watched directory. */
export interface Place {
  /** The watched directory. */
  readonly root: string;
  readonly path: BytePath;
}

/**
 * What a person means by a path: absolute, or relative to the watched directory, which may be one of
 * several. A byte may be written as logs show it, `\#ooo`.
 *
 * @returns every watched directory when nothing is given; none when it lies in none.
 */
export function placesOf({ sources }: Config, text: string | undefined): readonly Place[] {
  const asked = text === undefined ? asBytePath("") : bytesOf(text);
  return sources.flatMap(({ watch }) => {
    const whole = absolutePath(asked, watch);
    if (whole === watch) return [{ root: watch, path: asBytePath("") }];
    const prefix = watch === "/" ? watch : `${watch}/`;
    return whole.startsWith(prefix)
      ? [{ root: watch, path: asBytePath(whole.slice(prefix.length)) }]
      : [];
  });
}

/** The whole path, for people. */
export function displayPlace(root: string, path: BytePath): string {
  return displayPath(asBytePath(path === "" ? root : `${root === "/" ? "" : root}/${path}`));
}

function bytesOf(text: string): BytePath {
  const unescaped = pathFromText(text).replace(/\\#([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return asBytePath(unescaped);
}
