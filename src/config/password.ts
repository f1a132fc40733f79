import { lstatSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { asBytePath, displayPath, nativePath, rootPath } from "../../protocol/index.ts";
import { inspect } from "./inspect.ts";

// rsync reads so much of a password file and not more.
const mostPasswordBytes = 512;

/**
 * Why this password file cannot be used, or undefined; never tells what is in it.
 *
 * rsync's rules (a regular file, closed to others, root's own when root asks) and two more: it is
 * not empty, and not a link to another directory, which somebody else might own.
 */
export function passwordProblem(path: string): string | undefined {
  const native = nativePath(path, rootPath);
  const link = inspect(() => lstatSync(native));
  if (typeof link === "string") return link;
  if (link.isSymbolicLink() && leadsElsewhere(path)) {
    return "it is a link into another directory; name the file itself";
  }
  const stats = inspect(() => statSync(native));
  if (typeof stats === "string") return `it is a link, and what it leads to: ${stats}`;
  if (!stats.isFile()) return "it is not a regular file";
  if (process.platform !== "win32" && (stats.mode & 0o007) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(3, "0");
    return `other users can get at it (mode ${mode}); run chmod 600 on it`;
  }
  if (process.getuid?.() === 0 && stats.uid !== 0) {
    return "it must belong to root when sersync runs as root";
  }
  const content = inspect(() => readFileSync(native));
  if (typeof content === "string") return content;
  return firstLine(content) === "" ? "its first line is empty" : undefined;
}

/**
 * What is odd about the password in this file, in words that do not tell it; undefined when nothing
 * is, or the file cannot be read.
 */
export function passwordOddity(path: string, user: string): string | undefined {
  const content = inspect(() => readFileSync(nativePath(path, rootPath)));
  if (typeof content === "string") return undefined;
  const password = firstLine(content);
  if (password.startsWith("\xef\xbb\xbf")) {
    return "it begins with a byte order mark, which counts as a part of the password; save it without";
  }
  if (password.startsWith(`${user}:`)) {
    return "it begins with the user's name and a colon, as in a daemon's secrets file; here the password stands alone";
  }
  return /[ \t]$/.test(password)
    ? "its first line ends in a blank, which counts as a part of the password"
    : undefined;
}

/** A link within its own directory is how Kubernetes mounts secrets; that one is fine. */
function leadsElsewhere(path: string): boolean {
  const directory = path.slice(0, path.lastIndexOf("/")) || "/";
  const real = inspect(() => realpathSync(nativePath(path, rootPath), { encoding: "buffer" }));
  const home = inspect(() => realpathSync(nativePath(directory, rootPath), { encoding: "buffer" }));
  if (typeof real === "string" || typeof home === "string") return false;
  return !real.toString("latin1").startsWith(`${home.toString("latin1")}/`);
}

/**
 * The password: the first line of the file, as bytes (one char per byte).
 *
 * @throws {Error} naming the file and what is wrong with it, never what is in it.
 */
export function readPassword(path: string): string {
  const problem = passwordProblem(path);
  if (problem !== undefined) {
    throw new Error(`cannot use the password file ${displayPath(asBytePath(path))}: ${problem}`);
  }
  return firstLine(readFileSync(nativePath(path, rootPath)));
}

/**
 * The password from an open file: its first line, as {@link readPassword} has it.
 *
 * @throws {Error} when there is none.
 */
export function readPasswordFrom(descriptor: number): string {
  const content = Buffer.alloc(mostPasswordBytes);
  let length = 0;
  while (length < content.length && !content.subarray(0, length).includes(0x0a)) {
    const count = readSync(descriptor, content, length, content.length - length, null);
    if (count === 0) break;
    length += count;
  }
  const password = firstLine(content.subarray(0, length));
  if (password === "") throw new Error("cannot read the password: there is none");
  return password;
}

function firstLine(content: Buffer): string {
  const line = content
    .subarray(0, mostPasswordBytes)
    .toString("latin1")
    .split(/[\r\n]/, 1)[0];
  return line ?? "";
}
