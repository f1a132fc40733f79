import { quote } from "./mistake.ts";
import type { Reader } from "./reader.ts";
import { absolutePath, type Surroundings } from "./surroundings.ts";

/** What a directory is judged with, and where a mistake is told. */
export interface WatchContext {
  readonly reader: Reader;
  readonly surroundings: Surroundings;
}

/** The absolute path of `<localpath watch>`; that it cannot be watched is a mistake. */
export function watchablePath(
  value: string,
  offset: number,
  { reader, surroundings }: WatchContext,
): string {
  const watch = absolutePath(value, surroundings.workingDirectory);
  const problem = surroundings.watchProblem(watch);
  if (problem !== undefined) {
    reader.report.mistake(
      offset,
      `localpath watch: found ${quote(value)}, which cannot be watched: ${problem}`,
    );
  }
  return watch;
}
