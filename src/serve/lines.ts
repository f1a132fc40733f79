import { quoted } from "./problem.ts";

/** What a line of an rsyncd.conf says; a continued one counts as the line where it begins. */
export type ConfLine = { readonly line: number } & (
  | { readonly kind: "section"; readonly name: string }
  | {
      readonly kind: "parameter";
      /** As it is known: without blanks, in lower case. */
      readonly name: string;
      /** As it was written. */
      readonly title: string;
      readonly value: string;
    }
  | { readonly kind: "directive"; readonly merges: boolean; readonly path: string }
  /** rsync says a word in its log and goes on. */
  | { readonly kind: "ignored"; readonly text: string }
  /** rsync serves nobody. */
  | { readonly kind: "mistake"; readonly text: string }
);

/**
 * Reads the lines of an rsyncd.conf (rsyncd.conf(5), "FILE FORMAT"); remarks begin with `#` or `;`.
 *
 * @param content byte string.
 */
export function readLines(content: string): ConfLine[] {
  return joinLines(content).flatMap(({ line, text }) => {
    const bare = text.trim();
    if (bare === "" || /^[#;]/.test(bare)) return [];
    return [{ line, ...readLine(bare) }];
  });
}

type Meaning = ConfLine extends infer Each
  ? Each extends ConfLine
    ? Omit<Each, "line">
    : never
  : never;

/** Lines with those joined that a backslash continues; a remark cannot be continued. */
function joinLines(content: string): { line: number; text: string }[] {
  const joined: { line: number; text: string }[] = [];
  let continues = false;
  const lines = content.split(/\r?\n/);
  for (const [at, text] of lines.entries()) {
    const last = joined.at(-1);
    const isRemark: boolean = !continues && /^\s*[#;]/.test(text);
    // At the very end there is nothing to continue with: the backslash stays, as in rsync.
    const goesOn: boolean = !isRemark && text.endsWith("\\") && at < lines.length - 1;
    const part = goesOn ? text.slice(0, -1) : text;
    if (continues && last !== undefined) last.text += part;
    else joined.push({ line: at + 1, text: part });
    continues = goesOn;
  }
  return joined;
}

function readLine(text: string): Meaning {
  if (text.startsWith("[")) return readSection(text);
  const directive = /^&\s*(\S+)\s*([\s\S]*)$/.exec(text);
  if (directive !== null) return readDirective(directive[1] as string, directive[2] as string);
  const equals = text.indexOf("=");
  if (equals < 0)
    return { kind: "ignored", text: `a parameter needs a "=": found ${quoted(text)}` };
  const title = text.slice(0, equals).trim();
  if (title === "") {
    return { kind: "mistake", text: `a name is needed in front of "=": found ${quoted(text)}` };
  }
  return {
    kind: "parameter",
    name: canonicalName(title),
    title,
    value: text.slice(equals + 1).trim(),
  };
}

/** Blanks in a parameter's name do not count, nor does its case. */
export function canonicalName(title: string): string {
  return title.replaceAll(/\s+/g, "").toLowerCase();
}

function readSection(text: string): Meaning {
  const end = text.indexOf("]");
  if (end < 0) {
    return { kind: "mistake", text: `a module's name needs a "]": found ${quoted(text)}` };
  }
  const name = text.slice(1, end).trim().replaceAll(/\s+/g, " ");
  if (name === "") return { kind: "mistake", text: 'a module needs a name: found "[]"' };
  if (name.includes("/")) {
    return { kind: "mistake", text: `a module's name has no "/": found ${quoted(name)}` };
  }
  return { kind: "section", name };
}

function readDirective(name: string, path: string): Meaning {
  if (name !== "include" && name !== "merge") {
    return {
      kind: "mistake",
      text: `&include and &merge are the directives there are: found ${quoted(`&${name}`)}`,
    };
  }
  if (path === "") {
    return {
      kind: "ignored",
      text: `a file or directory is needed behind &${name}: found nothing`,
    };
  }
  return { kind: "directive", merges: name === "merge", path };
}
