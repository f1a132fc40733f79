import { isIPv6 } from "node:net";
import { asBytePath } from "../../protocol/index.ts";
import { quote } from "./mistake.ts";
import type { Located, Node, Reader } from "./reader.ts";
import type { Remote } from "./schema.ts";

/** How remotes are reached: the same for all of a file. */
export interface Reach {
  readonly ssh: boolean;
  readonly port: number;
}

/** One `<remote>`; undefined (with mistakes reported) when it leads nowhere. */
export function readRemote(reader: Reader, node: Node, reach: Reach): Remote | undefined {
  const ip = reader.text(node, "ip");
  const name = reader.text(node, "name");
  const address = readAddress(reader, ip);
  const place = reach.ssh ? sshPlace(reader, name) : modulePlace(reader, name);
  if (address === undefined || place === undefined) return undefined;
  return { ...address, port: readPort(reader, node) ?? reach.port, ...place, name: name.value };
}

/** Our own attribute: sersync had one port for all remotes. */
function readPort(reader: Reader, node: Node): number | undefined {
  return node.xml?.attributes.has("port") ? reader.number(node, "port", "port").value : undefined;
}

function readAddress(
  reader: Reader,
  { value, offset }: Located<string>,
): Pick<Remote, "host" | "user"> | undefined {
  const at = value.lastIndexOf("@");
  const user = value.slice(0, Math.max(at, 0));
  const bare = value.slice(at + 1);
  const host = /^\[.*\]$/.test(bare) ? bare.slice(1, -1) : bare;
  const problem = hostProblem(host);
  if (problem !== undefined) {
    reader.report.mistake(offset, `remote ip: found ${quote(value)}; ${problem}`);
    return undefined;
  }
  if (/[{}$]/.test(host)) {
    reader.report.warning(
      offset,
      `remote ip: found ${quote(value)}, which looks like a placeholder nobody filled in`,
    );
  }
  return user === "" ? { host } : { host, user };
}

function hostProblem(host: string): string | undefined {
  if (host === "") return "a host name or address is needed";
  // The colon first: Node's expression for all others takes longer than the rest of a file.
  if (host.includes(":") && isIPv6(host.replace(/%.*$/, ""))) return undefined;
  if (/[\0-\x20\x7f"'\\/]/.test(host)) return "a host name has no blanks, quotes or slashes";
  if (host.includes(":")) return "a port goes into <userDefinedPort>, and a module into name";
  return undefined;
}

function modulePlace(
  reader: Reader,
  { value, offset }: Located<string>,
): Pick<Remote, "module" | "subPath"> | undefined {
  const [module = "", ...rest] = value.split("/");
  const below = rest.filter((part) => part !== "" && part !== ".");
  const problem = moduleProblem(value, module, below);
  if (problem === undefined) return { module, subPath: asBytePath(below.join("/")) };
  reader.report.mistake(offset, `remote name: found ${quote(value)}; ${problem}`);
  return undefined;
}

function moduleProblem(
  value: string,
  module: string,
  below: readonly string[],
): string | undefined {
  if (value === "") return "the name of an rsync module is needed";
  if (module === "")
    return "a path is only for ssh; with the rsync daemon it is MODULE or MODULE/DIR";
  if (below.includes("..")) return ".. leads out of the module";
  return value.includes(":") ? "a module name has no colon" : undefined;
}

function sshPlace(
  reader: Reader,
  { value, offset }: Located<string>,
): Pick<Remote, "module" | "subPath"> | undefined {
  if (value !== "") return { module: "", subPath: asBytePath("") };
  reader.report.mistake(offset, "remote name: the directory on the other machine is needed");
  return undefined;
}
