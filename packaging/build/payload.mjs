import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The project's top directory. */
export const project = fileURLToPath(new URL("../..", import.meta.url));

/** What the bundle leaves outside; see bundleProgram. */
const outside = ["koffi", "ssh2"];
/** Parts of packages that only their makers need. */
const needless =
  /\/(?:doc|docs|vendor|test|tests|examples|benchmark|\.github)$|\.(?:md|map|d\.ts)$/;

/**
 * Copies everything that the program needs at run time, beside Node, into a directory: the bundle,
 * the page, and the packages that cannot be bundled.
 *
 * @throws {Error} when the program has not been built.
 */
export function writePayload(directory) {
  const bundle = path.join(project, "dist/bin");
  if (!fs.existsSync(path.join(bundle, "sersync.js"))) {
    throw new Error(`Cannot copy ${bundle}: it is not there; npm run build makes it`);
  }
  fs.mkdirSync(directory, { recursive: true });
  fs.cpSync(bundle, path.join(directory, "dist/bin"), {
    recursive: true,
    filter: (file) => !file.endsWith(".map"),
  });
  for (const name of ["package.json", "LICENSE"]) {
    fs.copyFileSync(path.join(project, name), path.join(directory, name));
  }
  for (const name of packagesBelow(outside)) copyPackage(name, directory);
}

/** These packages and all that they need and that is installed; what is for other platforms is not. */
function packagesBelow(names, found = new Set()) {
  for (const name of names) {
    const file = path.join(project, "node_modules", name, "package.json");
    if (found.has(name) || !fs.existsSync(file)) continue;
    found.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(fs.readFileSync(file));
    packagesBelow(Object.keys(dependencies), found);
    // Others are compiled on installation, or not at all; ssh2 does without them.
    const binaries = Object.keys(optionalDependencies).filter((each) =>
      each.startsWith("@koromix/"),
    );
    packagesBelow(binaries, found);
  }
  return found;
}

function copyPackage(name, directory) {
  const from = fs.realpathSync(path.join(project, "node_modules", name));
  fs.cpSync(from, path.join(directory, "node_modules", name), {
    recursive: true,
    dereference: true,
    filter: (file) => !needless.test(file.slice(from.length)) && !file.includes(".musl"),
  });
}
