import { quote } from "./mistake.ts";
import type { PluginContext } from "./plugin-base.ts";
import type { Node, Reader } from "./reader.ts";
import type { Headed } from "./schema.ts";
import { absolutePath } from "./surroundings.ts";

/** An address of the web; "" with a mistake when it cannot be one. */
export function readUrl(reader: Reader, node: Node): string {
  const { value, offset } = reader.text(node, "url");
  const text = Buffer.from(value, "latin1").toString("utf8");
  const problem = urlProblem(text.replaceAll(/\{(?:path|url)\}/g, "x"));
  if (problem === undefined) return text;
  // The address itself is not shown: people write keys into it.
  reader.report.mistake(offset, `${node.name} url: ${problem}`);
  return "";
}

function urlProblem(text: string): string | undefined {
  if (text === "") return "it is needed by this plugin, http:// or https://";
  if (!URL.canParse(text)) return "it is no address; allowed is http:// or https://";
  const { protocol, username, password } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") {
    return `${protocol} is not possible; allowed is http:// or https://`;
  }
  return username || password
    ? "a password does not belong into it; put it into a secretfile, and {secret} into a <header>"
    : undefined;
}

/** The headers of a request and the file with its secret. */
export function readHeaded(context: PluginContext, node: Node): Headed {
  const { reader } = context;
  const headers = readPairs(reader, node, "header");
  for (const header of reader.children(node, "header")) {
    const { value: name, offset } = reader.text(header, "name");
    const value = headers[name] ?? "";
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[\0\r\n]/.test(value)) {
      reader.report.mistake(offset, `header name: found ${quote(name)}; it is no HTTP header`);
    }
  }
  const secretFile = readSecretFile(context, node);
  const wanted = Object.values(headers).some((value) => value.includes("{secret}"));
  if (wanted && secretFile === "") {
    reader.report.mistake(
      node.offset,
      `<${node.name}>: {secret} stands in a header, but there is no secretfile`,
    );
  }
  if (!wanted && secretFile !== "") {
    reader.report.warning(
      node.offset,
      `<${node.name}>: no <header> has {secret}; the secretfile is not used`,
    );
  }
  return { headers, secretFile };
}

/** `name` and `value` of every child element of that name. */
export function readPairs(
  reader: Reader,
  node: Node,
  element: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    reader
      .children(node, element)
      .map((child) => [reader.text(child, "name").value, reader.text(child, "value").value]),
  );
}

/** The absolute path of a file whose first line is a secret; "" when there is none. */
export function readSecretFile({ reader, surroundings }: PluginContext, node: Node): string {
  const { value, offset } = reader.text(node, "secretfile");
  if (value === "") return "";
  const file = absolutePath(value, surroundings.workingDirectory);
  const problem = surroundings.passwordProblem(file);
  if (problem !== undefined) {
    reader.report.mistake(offset, `${node.name} secretfile: found ${quote(value)}; ${problem}`);
  }
  return file;
}
