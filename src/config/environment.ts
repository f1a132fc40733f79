/** Looks up an environment variable; undefined when it is not set. */
export type Variables = (name: string) => string | undefined;

/**
 * Replaces `${NAME}` and `${NAME:-default}`; nothing else in a value is ever expanded.
 *
 * Values are byte strings, and so is the result: a variable's text goes in as UTF-8.
 */
export function substitute(
  value: string,
  variables: Variables,
): { readonly value: string; readonly unset: readonly string[] } {
  const unset: string[] = [];
  const replaced = value.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (whole, name: string, fallback: string | undefined) => {
      const found = variables(name);
      if (found !== undefined && !(found === "" && fallback !== undefined)) {
        return Buffer.from(found, "utf8").toString("latin1");
      }
      if (fallback === undefined) unset.push(name);
      return fallback ?? whole;
    },
  );
  return { value: replaced, unset };
}
