import fs from "node:fs";
import { createRequire, Module } from "node:module";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import esbuild from "esbuild";
import { inProject } from "./command.mjs";
import { directImports } from "./direct-imports.mjs";

const pageFolder = "src/status/page";

/** It imports what users name. */
const ofUsers = "src/plugin/module-thread.ts";
/** What Node compiles itself: the program's first lines, a small thread, a process that becomes another. */
const starts = {
  "src/main.ts": "sersync",
  "src/cli/compiled.ts": "compiled",
  [ofUsers]: "module-thread",
  "src/plugin/relay.ts": "relay",
};
/** The thread of the pushes, which is as large as they are. */
const thread = "src/push/thread.ts";
const threadStart = 'require("./compiled.js");\nrequire("./push-thread.js");\n';
/** What is known there must be known once in a process, so nobody gets a copy. */
const shared = ["src/cli/starter.ts"];

const beginning = 'require("./compiled.js");';
const knowsOwnUrl = 'const ownUrl = require("node:url").pathToFileURL(__filename).href;';

/**
 * Bundles the program: a file for each start, and one for everything that is imported by and by.
 * Each holds all that it needs, and is CommonJS: reading and linking some two hundred modules, or
 * even a dozen parts, takes longer than everything else until the first change is watched for.
 * Packages with native parts, and one that few ever need, stay outside. Names are kept, and lines
 * short, for those who read traces.
 */
export async function bundleProgram() {
  const folder = inProject("dist/bin");
  if (fs.existsSync(folder)) removeFiles(folder);
  const all = Object.entries({ ...starts, [thread]: "push-thread" });
  const names = new Map(all.map(([file, name]) => [inProject(file), name]));
  // A map tells what is added to it meanwhile, too.
  for (const [file, name] of names) await bundleFile(file, path.join(folder, `${name}.js`), names);
  fs.writeFileSync(path.join(folder, "thread.js"), threadStart);
  const known = Object.values(starts);
  const late = [...names.values()].filter((name) => !known.includes(name));
  fs.writeFileSync(path.join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const { cacheOf } = createRequire(import.meta.url)(path.join(folder, "compiled.js"));
  for (const name of late) writeCompiled(path.join(folder, name), cacheOf);
}

async function bundleFile(file, outfile, names) {
  await esbuild.build({
    entryPoints: [file],
    outfile,
    bundle: true,
    plugins: [directImports(), ownFiles(names)],
    platform: "node",
    format: "cjs",
    target: "node20.19",
    external: ["koffi", "ssh2"],
    legalComments: "linked",
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 120,
    sourcemap: true,
    banner: { js: `${outfile.endsWith("/sersync.js") ? beginning : ""}${knowsOwnUrl}` },
    define: { "import.meta.url": "ownUrl" },
    // The loader of ES modules takes longer than some of the files it would read, and knows nothing
    // of what V8 had compiled. Only a file of a user's is its business.
    supported: { "dynamic-import": file === inProject(ofUsers) },
    logLevel: "error",
  });
}

/**
 * Writes what V8 makes of a file's functions, all of them, beside it. It belongs to the flags that
 * are set at that moment: those of a program that sets none. The source stands beside it.
 */
function writeCompiled(file, cacheOf) {
  const source = fs.readFileSync(`${file}.js`);
  setFlagsFromString("--no-lazy");
  const filename = `${path.basename(file)}.js`; // is what traces tell, wherever it is read
  const script = new Script(Module.wrap(source.toString("latin1")), { filename });
  setFlagsFromString("--lazy");
  const compiled = script.createCachedData();
  fs.writeFileSync(`${file}.cache`, cacheOf(source, compiled));
}

/** For esbuild: what is imported by and by, or shared, is a file of its own, added to `names`. */
function ownFiles(names) {
  return {
    name: "own files",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path: imported, kind, resolveDir }) => {
        const file = path.join(resolveDir, imported);
        const known = path.relative(inProject("."), file);
        if (kind !== "dynamic-import" && !shared.includes(known)) return undefined;
        const name = known
          .replace(/^src\//, "")
          .replace(/\.ts$/, "")
          .replaceAll("/", "-");
        if (kind !== "entry-point") names.set(file, name);
        return { path: `./${name}.js`, external: true };
      });
    },
  };
}

function removeFiles(folder) {
  for (const name of fs.readdirSync(folder)) {
    if (/\.(?:js|cache|map|txt)$/.test(name)) fs.rmSync(path.join(folder, name));
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
