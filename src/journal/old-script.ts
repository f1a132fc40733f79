import { asBytePath, type BytePath } from "../../protocol/index.ts";

/** A path that sersync 2.5 had not been able to push, or to delete. */
export interface OldFailure {
  /** The watched directory, as the script says it. */
  readonly root: string;
  /** `host::module`, without a user. */
  readonly target: string;
  readonly path: BytePath;
}

// `#errno 2560`, then `cd ROOT && rsync OPTIONS "./path" [user@]host::module …`; a deletion names
// the path in the last `--include` instead. The name may hold anything, line breaks included.
const failure =
  /^#errno -?[0-9]+\ncd ([^\n]*?) && rsync ([\s\S]*?)(?=^#errno -?[0-9]+\n|(?![\s\S]))/gm;
const pushed = /(?:^|\s)"\.\/([\s\S]*)" +(?:[^\s"@]+@)?([^\s"]+?::[^\s"]+)/;
const included = /--include="((?:[^"]|"(?! +--))*)"(?= +(?:--include|--exclude=\*))/g;
const remote = /--exclude=\* +(?:[^\s"@]+@)?([^\s"]+?::[^\s"]+)/;

/** True for a text in the form of the failLog script that sersync 2.5 wrote, and ran. */
export function isOldScript(text: string): boolean {
  return /^(?:\s*\n)*#errno -?[0-9]+\ncd [^\n]* && rsync /.test(text);
}

/** What an old script was to push; what cannot be understood is left out. Nothing of it is run. */
export function parseOldScript(text: string): readonly OldFailure[] {
  const failures: OldFailure[] = [];
  for (const [, root = "", words = ""] of text.matchAll(failure)) {
    const found = parsePush(words) ?? parseDeletion(words);
    if (found !== undefined) failures.push({ root, ...found });
  }
  return failures;
}

type Place = Pick<OldFailure, "target" | "path">;

function parsePush(words: string): Place | undefined {
  const [, name, target] = pushed.exec(words) ?? [];
  return name === undefined || target === undefined ? undefined : place(name, target);
}

function parseDeletion(words: string): Place | undefined {
  const names = [...words.matchAll(included)].map(([, name = ""]) => name);
  const target = remote.exec(words)?.[1];
  const last = names.at(-1)?.replace(/\/\*\*\*$/, "");
  return last === undefined || target === undefined ? undefined : place(last, target);
}

/** sersync wrote a backslash before each dollar sign, and before nothing else. */
function place(name: string, target: string): Place | undefined {
  const path = name.replaceAll("\\$", "$").replace(/\/+$/, "");
  const parts = path.split("/");
  if (path === "" || parts.some((part) => part === "" || part === "." || part === "..")) {
    return undefined;
  }
  return { target, path: asBytePath(path) };
}

/** The paths below one watched directory that one target, `host::module`, did not get. */
export function failedPaths(
  failures: readonly OldFailure[],
  root: string,
  target: string,
): readonly BytePath[] {
  const bare = (directory: string): string => directory.replace(/\/+$/, "");
  return failures
    .filter((failure) => failure.target === target && bare(failure.root) === bare(root))
    .map(({ path }) => path);
}
