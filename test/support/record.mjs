import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import { pathToFileURL } from "node:url";
import { inProject } from "./command.mjs";
import { daemonProgram } from "./daemons.mjs";
import { startDaemon } from "./rsyncd.mjs";
import { sessions } from "./sessions.mjs";

/** Forwards `from` to `to` and notes what passes, as runs of bytes of one direction. */
function forward(from, to, side, exchange) {
  from.on("data", (chunk) => {
    const last = exchange.at(-1);
    if (last?.side === side) last.chunks.push(chunk);
    else exchange.push({ side, chunks: [chunk] });
    to.write(chunk);
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
}

/**
 * Listens on a free port of 127.0.0.1, passes every connection on to `daemonPort` and notes the
 * bytes of both directions in the order in which they came. Decodes nothing.
 *
 * @param {number} daemonPort
 * @returns {Promise<{ port: number, exchange: { side: "C" | "S", chunks: Buffer[] }[], close(): void }>}
 *   "C" came from the client, "S" from the server
 */
export async function startRecorder(daemonPort) {
  const exchange = [];
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const daemon = net.connect({ port: daemonPort, host: "127.0.0.1", allowHalfOpen: true });
    forward(client, daemon, "C", exchange);
    forward(daemon, client, "S", exchange);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, exchange, close: () => server.close() };
}

async function runClient(version, argv, password) {
  const env = { PATH: process.env.PATH, TZ: "UTC", LC_ALL: "C" };
  if (password !== undefined) env.RSYNC_PASSWORD = password;
  const client = spawn(daemonProgram(version), argv, { stdio: "ignore", env });
  const [exitCode] = await once(client, "close");
  return exitCode;
}

/**
 * Runs a session of the table between the stock client and daemon of one release.
 *
 * @returns what was said, with the arguments that caused it: PORT stands for the port, SOURCE for
 *   the directory that was pushed
 */
export async function recordSession(version, session) {
  const { options, users, password, moduleParameters = {}, target = "backup/" } = session;
  const daemon = await startDaemon({ version, users, modules: { backup: moduleParameters } });
  const source = session.source ?? `${daemon.directory}/source`;
  const recorder = await startRecorder(daemon.port);
  try {
    fs.mkdirSync(source, { recursive: true });
    session.prepare?.(source, daemon.path("backup"));
    const user = session.user === undefined ? "" : `${session.user}@`;
    const last = [
      session.list ? [] : ["SOURCE/"],
      `rsync://${user}127.0.0.1:PORT/${target}`,
    ].flat();
    const argv = [...options, ...last].map((word) =>
      word.replace("PORT", recorder.port).replace("SOURCE", source),
    );
    const exitCode = await runClient(version, argv, password);
    const exchange = recorder.exchange.map(({ side, chunks }) => ({
      side,
      bytes: Buffer.concat(chunks),
    }));
    return { version, arguments: [...options, ...last], exitCode, exchange };
  } finally {
    recorder.close();
    await daemon.remove();
  }
}

function formatRecording({ version, arguments: argv, exitCode, exchange }) {
  const said = exchange.map(({ side, bytes }) => `${side} ${bytes.toString("hex")}`);
  return `${JSON.stringify({ rsync: version, arguments: argv, exitCode, exchange: said }, null, 2)}\n`;
}

async function main(names) {
  for (const session of sessions) {
    if (names.length > 0 && !names.includes(session.name)) continue;
    for (const version of session.versions) {
      const recording = await recordSession(version, session);
      const file = inProject("fixtures/sessions", `${version}-${session.name}.json`);
      fs.writeFileSync(file, formatRecording(recording));
      console.log(`${version} ${session.name}: exit code ${recording.exitCode}`);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(process.argv.slice(2));
}
