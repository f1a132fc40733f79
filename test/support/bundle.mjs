import fs from "node:fs";
import path from "node:path";
import esbuild from "esbuild";
import { inProject } from "./command.mjs";
import { directImports } from "./direct-imports.mjs";

const pageFolder = "src/status/page";

/** What some packages expect in a module: the `require` that ES modules have not. */
const banner =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

/**
 * Bundles the program: one file for the main thread, one for each thread or process that it starts,
 * and parts that several of them or only some commands need, which are read when they are needed.
 * Reading and linking some two hundred modules would take longer than everything else until the first
 * change is watched for. Packages with native parts, and those that few ever need, stay outside.
 */
export async function bundleProgram() {
  removeParts(); // their names change with their content
  await esbuild.build({
    entryPoints: {
      sersync: inProject("src/main.ts"),
      thread: inProject("src/push/thread.ts"),
      "module-thread": inProject("src/plugin/module-thread.ts"),
      relay: inProject("src/plugin/relay.ts"),
    },
    outdir: inProject("dist/bin"),
    bundle: true,
    splitting: true,
    chunkNames: "part-[hash]",
    plugins: [directImports()],
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["koffi", "ssh2", "chokidar"],
    legalComments: "linked",
    sourcemap: true,
    banner: { js: banner },
    logLevel: "error",
  });
}

function removeParts() {
  const folder = inProject("dist/bin");
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) {
    if (name.startsWith("part-")) fs.rmSync(path.join(folder, name));
  }
}

/** Bundles the status page into the folders where the program and the library look for it. */
export function bundlePage() {
  for (const folder of ["dist/bin/page", "dist/src/status/page"]) {
    const outdir = inProject(folder);
    esbuild.buildSync({
      entryPoints: [inProject(pageFolder, "page.ts")],
      outdir,
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      legalComments: "inline",
      logLevel: "error",
    });
    const chartStyle = fs.readFileSync(inProject("node_modules/uplot/dist/uPlot.min.css"), "utf8");
    const ownStyle = fs.readFileSync(inProject(pageFolder, "page.css"), "utf8");
    fs.writeFileSync(path.join(outdir, "page.css"), `${chartStyle}\n${ownStyle}`);
    for (const name of ["index.html", "icon.svg"]) {
      fs.copyFileSync(inProject(pageFolder, name), path.join(outdir, name));
    }
  }
}
