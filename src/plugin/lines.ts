import type { Readable } from "node:stream";

/** A program may print without end; so much of one run is shown. */
const mostLines = 200;
const longestLine = 2_000;

/** Hands on what a stream says line by line; what is too long or too much is cut, and said so. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  let lines = 0;
  const say = (line: string): void => {
    lines += 1;
    if (lines < mostLines) onLine(line.slice(0, longestLine));
    else if (lines === mostLines) onLine("(what it says from here on is left out)");
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = `${rest}${chunk}`.split("\n");
    rest = (parts.pop() ?? "").slice(0, longestLine);
    for (const line of parts) say(line);
  });
  stream.on("end", () => {
    if (rest !== "") say(rest);
  });
  stream.on("error", () => {}); // the pipe was closed from our side
}
