import { readFileSync } from "node:fs";

export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  "/": { name: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { name: "page.js", type: "text/javascript; charset=utf-8" },
  "/page.css": { name: "page.css", type: "text/css; charset=utf-8" },
  "/icon.svg": { name: "icon.svg", type: "image/svg+xml" },
};

/** The built page lies beside the program's own files. */
const folder = new URL("./page/", import.meta.url);
const read = new Map<string, PageFile>();

/** What the page consists of; undefined for every other path. */
export function pageFile(path: string): PageFile | undefined {
  const known = read.get(path);
  if (known !== undefined || !Object.hasOwn(files, path)) return known;
  const { name, type } = files[path] as (typeof files)[string];
  const file = { type, bytes: readFileSync(new URL(name, folder)) };
  read.set(path, file);
  return file;
}
