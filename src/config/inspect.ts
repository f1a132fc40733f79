/** Nothing is there, in words. */
export const absent: string = "it does not exist";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: absent,
  ENOTDIR: "it does not exist: a part of the path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "it cannot be read: permission denied",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
};

/** What a look at the file system gives, or in words why it could not be had. */
export function inspect<T extends object>(look: () => T): T | string {
  try {
    return look();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return reasons[code] ?? `it cannot be read: ${code}`;
  }
}
