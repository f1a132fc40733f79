/**
 * Finds a password in a secrets file (rsyncd.conf(5)): one `name:password` a line, of groups
 * `@name:password`; the first line of a name counts, lines that begin with `#` are remarks.
 *
 * @param content byte string.
 * @param name byte string; of a group with its `@`.
 */
export function findSecret(content: string, name: string): string | undefined {
  if (name.startsWith("#") || name.includes(":")) return undefined;
  for (const line of content.split("\n")) {
    if (line.startsWith("#") || !line.startsWith(`${name}:`)) continue;
    return line.slice(name.length + 1).replace(/\r+$/, "");
  }
  return undefined;
}

/** Of a file, as far as it matters for a secret. */
export interface SecretsFileState {
  readonly mode: number;
  readonly uid: number;
  isFile(): boolean;
}

const othersReadOrWrite = 0o006;

/**
 * What `strict modes` finds wrong with a secrets file; undefined when it may be used.
 *
 * @param asRoot whether this process is root, which takes secrets from nobody else.
 */
export function secretsFileProblem(state: SecretsFileState, asRoot: boolean): string | undefined {
  if (!state.isFile()) return "it is not a regular file";
  if ((state.mode & othersReadOrWrite) !== 0) {
    const mode = (state.mode & 0o777).toString(8);
    return `its mode is ${mode}: others may read or write it; chmod o= helps, or "strict modes = no"`;
  }
  if (asRoot && state.uid !== 0) return `it belongs to user ${state.uid}, not to root`;
  return undefined;
}
