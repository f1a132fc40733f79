import { randomBytes } from "node:crypto";
import fs from "node:fs";

/**
 * A change to show: `act(directory)` makes it with plain file-system calls, and it is over when all
 * of `paths` are acknowledged.
 *
 * @typedef {{ title: string, paths: readonly string[], act(directory: string): void }} Scene
 */

const bigFileBytes = 8_000_000;
const burst = Array.from({ length: 500 }, (_, i) => `burst/${String(i).padStart(3, "0")}.txt`);
const shop = ["shop/a.css", "shop/b.js", "shop/pages/c.html"];

function editInTheMiddle(file) {
  const descriptor = fs.openSync(file, "r+");
  fs.writeSync(descriptor, "a small edit", bigFileBytes / 2);
  fs.closeSync(descriptor);
}

function write(directory, names, content) {
  for (const name of names) fs.writeFileSync(`${directory}/${name}`, content);
}

/** @type {readonly Scene[]} */
export const scenes = [
  {
    title: "create index.html",
    paths: ["index.html"],
    act: (directory) => write(directory, ["index.html"], "<h1>hello</h1>\n"),
  },
  {
    title: "change index.html",
    paths: ["index.html"],
    act: (directory) => write(directory, ["index.html"], "<h1>hello again</h1>\n"),
  },
  {
    title: "create 价格 50%.txt",
    paths: ["价格 50%.txt"],
    act: (directory) => write(directory, ["价格 50%.txt"], "¥\n"),
  },
  {
    title: "create $(id) `id` '*'",
    paths: ["$(id) `id` '*'"],
    act: (directory) => write(directory, ["$(id) `id` '*'"], "only a name\n"),
  },
  {
    title: "make a directory of 3 files",
    paths: shop,
    act(directory) {
      fs.mkdirSync(`${directory}/shop/pages`, { recursive: true });
      write(directory, shop, "content\n");
    },
  },
  {
    title: "create big.bin of 8 MB",
    paths: ["big.bin"],
    act: (directory) => write(directory, ["big.bin"], randomBytes(bigFileBytes)),
  },
  {
    title: "change 12 bytes in big.bin",
    paths: ["big.bin"],
    act: (directory) => editInTheMiddle(`${directory}/big.bin`),
  },
  {
    title: "link latest -> index.html",
    paths: ["latest"],
    act: (directory) => fs.symlinkSync("index.html", `${directory}/latest`),
  },
  {
    title: "rename index.html to home.html",
    paths: ["home.html"],
    act: (directory) => fs.renameSync(`${directory}/index.html`, `${directory}/home.html`),
  },
  {
    title: "delete home.html",
    paths: ["home.html"],
    act: (directory) => fs.rmSync(`${directory}/home.html`),
  },
  {
    title: "delete the directory shop",
    paths: ["shop"],
    act: (directory) => fs.rmSync(`${directory}/shop`, { recursive: true }),
  },
  {
    title: "create 500 files at once",
    paths: burst,
    act(directory) {
      fs.mkdirSync(`${directory}/burst`);
      write(directory, burst, randomBytes(4096));
    },
  },
];

/** What is there before the program starts: the first full push. */
export function makeStartingTree(directory) {
  fs.mkdirSync(`${directory}/docs`, { recursive: true });
  for (let i = 0; i < 40; i += 1) {
    fs.writeFileSync(`${directory}/docs/page-${i}.html`, randomBytes(2_000 + i));
  }
  fs.writeFileSync(`${directory}/README`, "This directory is mirrored.\n");
}
