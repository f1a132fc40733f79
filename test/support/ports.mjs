import { randomInt } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";

/** Below those that systems give to clients: none of them can be where somebody is about to listen. */
const ports = { lowest: 10_000, highest: 32_000 };
const mostTries = 100;

async function isFree(port) {
  const server = net.createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

export async function freePort() {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = randomInt(ports.lowest, ports.highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free port: ${mostTries} were taken`);
}

/** The kernel's list of sockets: where (hexadecimal), in which state, and in the tenth column which. */
const table = "/proc/net/tcp";
const listening = "0A";

function hexadecimal(numbers, digits) {
  const words = numbers.map((each) => Number(each).toString(16).padStart(digits, "0"));
  return words.join("").toUpperCase();
}

/** What a file of /proc links to; undefined when the process has ended, or has just closed it. */
function linkOf(file) {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}

export function listensAt(pid, { address, port }) {
  const open = `/proc/${pid}/fd`;
  if (!fs.existsSync(table)) return true;
  if (!fs.existsSync(open)) return false;
  const place = `${hexadecimal(address.split(".").reverse(), 2)}:${hexadecimal([port], 4)}`;
  const rows = fs.readFileSync(table, "latin1").split("\n");
  const sockets = rows
    .map((row) => row.trim().split(/ +/))
    .filter(([, local, , state]) => local === place && state === listening)
    .map((columns) => `socket:[${columns[9]}]`);
  return fs.readdirSync(open).some((fd) => sockets.includes(linkOf(`${open}/${fd}`)));
}
