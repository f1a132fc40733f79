import { counted } from "../amount.ts";
import type { Reply, Request } from "../control/message.ts";
import type { Left } from "../service/answer.ts";
import type { StatusReport } from "../status/report.ts";
import { type Earlier, formatStatus } from "./status.ts";

type Answered = Extract<Reply, { readonly ok: true }>;

/** What a running program answered, as a person reads it; `earlier` is its status before. */
export function describeReply(
  file: string,
  request: Request,
  reply: Answered,
  earlier?: Earlier,
): readonly string[] {
  switch (request.do) {
    case "status":
      return formatStatus(reply as unknown as StatusReport, Date.now(), earlier);
    case "stop":
      return [`${file}: stopped${describeLeft(reply as Partial<Left>)}`];
    case "reload": {
      const { changed, unchanged } = reply as unknown as Record<string, readonly string[]>;
      return [
        ...(changed ?? []).map((each) => `${each}: the new configuration is carried out`),
        ...(unchanged ?? []).map((each) => `${each}: not changed`),
      ];
    }
    case "resync": {
      const { comparing = [] } = reply as { readonly comparing?: readonly string[] };
      return comparing.map((place) => `${file}: comparing ${place}`);
    }
    case "allow-deletions":
      return describeAllowed(file, reply as { readonly allowed?: readonly string[] });
    case "pause":
    case "resume":
    case "retry":
      return describeSteered(file, steerWords[request.do], reply);
  }
}

const steerWords = {
  pause: { done: "nothing is sent to", none: "all of it is paused already" },
  resume: { done: "it goes on at", none: "nothing is paused" },
  retry: { done: "tried again now:", none: "there is no target" },
} as const;

function describeSteered(
  file: string,
  { done, none }: (typeof steerWords)[keyof typeof steerWords],
  reply: Answered,
): readonly string[] {
  const { targets: names = [] } = reply as { readonly targets?: readonly string[] };
  return names.length === 0
    ? [`${file}: ${none}`]
    : names.map((name) => `${file}: ${done} ${name}`);
}

/** Without a number the process ended before it could tell. */
function describeLeft({ undelivered, uncompared = 0 }: Partial<Left>): string {
  if (undelivered === undefined) return "";
  if (undelivered > 0) return `; ${counted(undelivered, "path is", "paths are")} left`;
  if (uncompared === 0) return "; everything is delivered";
  return `; ${counted(uncompared, "target has", "targets have")} not been compared to the end`;
}

function describeAllowed(
  file: string,
  { allowed = [] }: { readonly allowed?: readonly string[] },
): readonly string[] {
  if (allowed.length === 0) return [`${file}: deletions are halted nowhere`];
  return allowed.map((target) => `${file}: what was held back is deleted at ${target}`);
}
