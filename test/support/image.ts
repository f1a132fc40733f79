import fs from "node:fs";
import { inProject } from "./command.mjs";

/** What the Dockerfile says of the image, read from it. */
export interface Image {
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly user: string;
  readonly base: string;
}

export function readImage(): Image {
  const text = fs.readFileSync(inProject("packaging/container/Dockerfile"), "utf8");
  const last = text.slice(text.lastIndexOf("\nFROM ") + 1);
  const one = (pattern: RegExp): string => {
    const found = pattern.exec(last)?.[1];
    if (found === undefined) throw new Error(`The Dockerfile has no ${pattern}`);
    return found;
  };
  const list = (pattern: RegExp): string[] => JSON.parse(one(pattern)) as string[];
  const variables = [...last.matchAll(/^ENV (\w+)=(.*)$/gm)];
  return {
    environment: Object.fromEntries(variables.map(([, name, value]) => [name, value])),
    entrypoint: list(/^ENTRYPOINT (.*)$/m),
    command: list(/^CMD (.*)$/m),
    healthCheck: list(/^HEALTHCHECK .*CMD (.*)$/m),
    user: one(/^USER (.*)$/m),
    base: one(/^FROM (.*)$/m),
  };
}
