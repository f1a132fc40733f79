/**
 * Makes the man pages out of docs/reference.md.
 *
 *     node packaging/build/man.mjs [DIRECTORY]
 */
import fs from "node:fs";
import path from "node:path";
import { project } from "./payload.mjs";

const [output = path.join(project, "man")] = process.argv.slice(2);
const reference = fs.readFileSync(path.join(project, "docs/reference.md"), "utf8");

/** The text below each heading of the second level. */
const sections = new Map(
  reference
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1)]),
);

const pages = [
  {
    name: "sersync",
    section: 8,
    title: "mirrors directories to rsync daemons, as they change",
    synopsis: [
      "sersync [-d] [-r] [-n N] [-o FILE]... [-m NAME]",
      "sersync watch DIRECTORY URL... [OPTION...]",
      "sersync serve --module NAME=PATH[,rw][,auth=USER]... [--config FILE]",
      "sersync push|pull [OPTION...] SOURCE... DESTINATION",
      "sersync list URL",
      "sersync check|diff [-o FILE]",
      "sersync explain [-o FILE] PATH",
      "sersync init [DIRECTORY] [URL...]",
      "sersync status|stop|reload [-o FILE]",
      "sersync resync [-o FILE] [PATH]",
      "sersync pause|resume|retry|allow-deletions [-o FILE] [TARGET]",
      "sersync health [--page ADDRESS]",
    ],
    description:
      "sersync watches directories and pushes every change to rsync daemons, which acknowledge it path by path. What is not acknowledged is tried again. It needs no rsync and starts no shell. The page tells commands, variables, metrics and what to do when something is wrong; the configuration file is described in sersync-confxml(5).",
    parts: [
      "Commands",
      "Parameters of rsyncd.conf",
      "Variables",
      "Status page",
      "Metrics",
      "Signals",
      "Exit codes",
      "Troubleshooting",
    ],
    also: "sersync-confxml(5), rsync(1), rsyncd.conf(5), inotify(7)",
  },
  {
    name: "sersync-confxml",
    section: 5,
    title: "the configuration of sersync",
    synopsis: ["confxml.xml"],
    description:
      "An XML file that says what is mirrored where. sersync init writes one, with comments; sersync check says what it means.",
    parts: ["Elements of confxml.xml"],
    also: "sersync(8), rsyncd.conf(5)",
  },
];

/** Text as roff takes it: nothing of it is a command. */
function literal(text) {
  return text
    .replaceAll("\\|", "|")
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replace(/^([.'])/gm, "\\&$1");
}

/** Code is bold, links are their text. */
function inline(text) {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, i) => (i % 2 === 1 ? `\\fB${literal(part)}\\fR` : literal(part)))
    .join("")
    .replace(/^([.'])/, "\\&$1");
}

/** The first cell is the term; a default stands in front of the meaning. */
function row(line) {
  const cells = line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
  const meaning = cells.at(-1) ?? "";
  const between = cells.slice(1, -1).filter((cell) => cell !== "");
  const text = between.length === 0 ? meaning : `(${between.join("; ")}) ${meaning}`;
  return [".TP", inline(cells[0] ?? ""), inline(text)];
}

function body(text) {
  const lines = [];
  let isCode = false;
  let isHead = true;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      lines.push(isCode ? ".EE" : ".PP\n.EX");
      isCode = !isCode;
    } else if (isCode) lines.push(literal(line));
    else if (line.startsWith("### ")) lines.push(`.SS ${inline(line.slice(4))}`);
    else if (line.startsWith("|---")) isHead = false;
    else if (line.startsWith("|")) lines.push(...(isHead ? [] : row(line)));
    else if (line.startsWith("- ")) lines.push(".IP \\(bu 2", inline(line.slice(2)));
    else if (line === "") {
      lines.push(".PP");
      isHead = true;
    } else lines.push(inline(line));
  }
  return lines.filter((line, i) => {
    const isFirst = (lines[i - 1] ?? ".SS").startsWith(".SS");
    return line !== ".PP" || !(isFirst || /^\.(?:SS|PP|TP|IP)/.test(lines[i + 1] ?? ".PP"));
  });
}

function part(title) {
  const text = sections.get(title);
  if (text === undefined) throw new Error(`Cannot make a man page: no section "${title}"`);
  return [`.SH ${title.toUpperCase()}`, ...body(text)];
}

function page({ name, section, title, synopsis, description, parts, also }) {
  return [
    `.TH ${name.toUpperCase().replaceAll("-", "\\-")} ${section} "" "sersync"`,
    ".SH NAME",
    `${literal(name)} \\- ${title}`,
    ".SH SYNOPSIS",
    ...synopsis.flatMap((line, i) => [...(i > 0 ? [".br"] : []), `\\fB${literal(line)}\\fR`]),
    ".SH DESCRIPTION",
    literal(description),
    ...parts.flatMap(part),
    ".SH SEE ALSO",
    literal(also),
    "",
  ].join("\n");
}

fs.mkdirSync(output, { recursive: true });
for (const each of pages) {
  fs.writeFileSync(path.join(output, `${each.name}.${each.section}`), page(each));
}
