#!/usr/bin/env node
// Stands in for rsync where a test starts a daemon: `--daemon --no-detach --config=FILE`.

import { inProject } from "./command.mjs";

const config = process.argv.filter((word) => word.startsWith("--config="));
process.argv.splice(2, process.argv.length, "serve", ...config);
await import(inProject("dist/bin/sersync.js"));
