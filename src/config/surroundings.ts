import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { nativePath, pathFromText, rootPath } from "../../protocol/index.ts";
import type { Variables } from "./environment.ts";
import { absent, inspect } from "./inspect.ts";
import { passwordOddity, passwordProblem } from "./password.ts";

/** What a configuration is checked against besides its own text. Paths are byte strings. */
export interface Surroundings {
  readonly variables: Variables;
  /** Relative paths start here; absolute. */
  readonly workingDirectory: string;
  /** Who `users=""` means. */
  readonly userName: string;
  /** Why this directory cannot be watched, or undefined. */
  watchProblem(path: string): string | undefined;
  /** Why this file cannot be read, or undefined. */
  fileProblem(path: string): string | undefined;
  /** Why this password file cannot be used, or undefined. Never tells what is in it. */
  passwordProblem(path: string): string | undefined;
  /** What is odd about the password of this user, or undefined. Never tells what it is. */
  passwordOddity(path: string, user: string): string | undefined;
}

/** This process on this machine. */
export function thisMachine(): Surroundings {
  return {
    variables: (name) => process.env[name],
    workingDirectory: pathFromText(process.cwd()),
    userName: pathFromText(ownName()),
    watchProblem,
    fileProblem,
    passwordProblem,
    passwordOddity,
  };
}

/** This machine; with `wait` a directory to watch that is not there yet is no mistake. */
export function surroundingsFor({ wait }: { readonly wait: boolean }): Surroundings {
  const machine = thisMachine();
  if (!wait) return machine;
  const isThere = (path: string): boolean =>
    statSync(nativePath(path, rootPath), { throwIfNoEntry: false }) !== undefined;
  return { ...machine, watchProblem: (path) => (isThere(path) ? watchProblem(path) : undefined) };
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no user has.
    const { USER = "nobody" } = process.env;
    return USER;
  }
}

function watchProblem(path: string): string | undefined {
  const stats = inspect(() => statSync(nativePath(path, rootPath)));
  if (stats === absent) return `${absent}; make it, or wait for it with --wait`;
  if (typeof stats === "string") return stats;
  return stats.isDirectory() ? undefined : "it is not a directory";
}

function fileProblem(path: string): string | undefined {
  const stats = inspect(() => statSync(nativePath(path, rootPath)));
  if (typeof stats === "string") return stats;
  return stats.isFile() ? undefined : "it is not a regular file";
}

/** The path as an absolute one, without trailing slashes, `.` or `..`. */
export function absolutePath(path: string, workingDirectory: string): string {
  const whole = path.startsWith("/") ? path : `${workingDirectory}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
