import fs from "node:fs";
import path from "node:path";
import { inProject } from "./command.mjs";

const index = inProject("protocol/index.ts");

/** Where each value lives that the index of the protocol exports; types live nowhere at run time. */
function homes() {
  const found = new Map();
  const text = fs.readFileSync(index, "utf8");
  for (const [, names, file] of text.matchAll(/^export \{([^}]*)\} from "(.+)";$/gm)) {
    for (const name of valuesIn(names)) found.set(name, path.join(path.dirname(index), file));
  }
  return found;
}

function valuesIn(names) {
  const each = names.split(",").map((name) => name.trim());
  return each.filter((name) => name !== "" && !name.startsWith("type "));
}

/**
 * For esbuild: whoever imports a value of the protocol's index gets it from the file where it lives.
 * A bundle that is split would otherwise read the whole protocol for the sake of one error class.
 *
 * @returns {import("esbuild").Plugin}
 */
export function directImports() {
  return {
    name: "direct imports",
    setup(build) {
      const homeOf = homes();
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => ({
        contents: redirected(fs.readFileSync(file, "utf8"), homeOf),
        loader: "ts",
      }));
    },
  };
}

function redirected(source, homeOf) {
  return source.replace(
    /^import \{([^}]*)\} from "[./]+\/protocol\/index\.ts";$/gm,
    (statement, names) => {
      const imports = valuesIn(names).map((name) => {
        const home = homeOf.get(name);
        if (home === undefined) throw new Error(`protocol/index.ts exports no value ${name}`);
        return `import { ${name} } from ${JSON.stringify(home)};`;
      });
      // The lines keep their numbers, for those who read traces.
      return imports.join(" ") + "\n".repeat(statement.split("\n").length - 1);
    },
  );
}
