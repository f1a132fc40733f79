/** Variables by name, as byte strings. */
export type Variables = (name: string) => string | undefined;

/**
 * Puts variables in the place of `%NAME%`; what names none stays as it is (rsyncd.conf(5)), and so
 * does `%%`.
 */
export function expandVariables(text: string, variables: Variables): string {
  let expanded = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf("%", at);
    const end = start < 0 ? -1 : text.indexOf("%", start + 1);
    if (end < 0) return expanded + text.slice(at);
    const name = text.slice(start + 1, end);
    const value = name === "" ? undefined : variables(name);
    // What is no variable may end where one begins: "5% of %HOME%".
    expanded += text.slice(at, start) + (value ?? "%");
    at = value === undefined ? start + 1 : end + 1;
  }
}

const perClient = /%(RSYNC_(?:USER_NAME|HOST_ADDR|HOST_NAME|PID|REQUEST|ARG\d+|MODULE_PATH))%/;

/** The first variable in a text that is known only once a client is there. */
export function clientVariable(text: string): string | undefined {
  return perClient.exec(text)?.[1];
}
