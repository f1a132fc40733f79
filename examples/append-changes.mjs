// @ts-check
// A plugin module for sersync: appends one line of JSON for each change to a file.
//
//   <sersync> … <plugin start="true" name="module"/> </sersync>
//   <plugin name="module" timeout="10" concurrency="1" retries="3">
//     <module path="/etc/sersync/append-changes.mjs">
//       <setting name="file" value="/var/log/changes.jsonl"/>
//     </module>
//   </plugin>
//
// `sersync -m module` runs it alone: it then hears of every change, and nothing is mirrored.

import { open } from "node:fs/promises";

/** @type {import("sersync").CreatePlugin} */
export default async function createPlugin({ settings, log }) {
  const { file } = settings;
  if (file === undefined) throw new Error('<setting name="file" value="…"/> is missing');
  const output = await open(file, "a");
  log(`changes go to ${file}`);

  return {
    async change({ path, kind, result, target }, signal) {
      signal.throwIfAborted();
      const line = { time: new Date().toISOString(), path, kind, result, target };
      await output.appendFile(`${JSON.stringify(line)}\n`);
    },
    close: () => output.close(),
  };
}
