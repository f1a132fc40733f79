import type { Reply, Request } from "../control/message.ts";
import type { Answerer } from "../control/server.ts";
import type { StatusReport } from "../status/report.ts";
import type { ReloadOutcome } from "./reload.ts";
import type { Unit } from "./unit.ts";

/** What can be asked of a process besides its mirrors. */
export interface Askable {
  /** Resolves with how many paths are not delivered. */
  stop(reason: string): Promise<number>;
  reload(): Promise<ReloadOutcome>;
  report(unit: Unit): StatusReport;
}

/** Answers what is asked at the control socket of one configuration. */
export function answererFor(process: Askable, unit: Unit): Answerer {
  return async (request, tell) => {
    switch (request.do) {
      case "status":
        return { ok: true, ...process.report(unit) };
      case "stop":
        return stop(process, tell);
      case "reload":
        return reload(process);
      case "resync":
        return resync(unit, request);
      case "allow-deletions":
        return allowDeletions(unit, request);
    }
  };
}

async function stop(asked: Askable, tell: (reply: Reply) => Promise<void>): Promise<Reply> {
  const ended = asked.stop("request");
  await tell({ ok: true, pid: process.pid });
  return { ok: true, undelivered: await ended };
}

async function reload(asked: Askable): Promise<Reply> {
  const outcome = await asked.reload();
  if (outcome.ok) return { ...outcome };
  const error = "the configuration is not reloaded; the old one goes on";
  return { ok: false, code: "BAD_CONFIG", error, details: outcome.mistakes };
}

function resync(unit: Unit, { path }: Extract<Request, { readonly do: "resync" }>): Reply {
  if (!unit.isStarted) return notReady;
  const places = unit.resync(path);
  if (places.length > 0) return { ok: true, comparing: places };
  const error = `${JSON.stringify(path)} lies in none of the watched directories`;
  return { ok: false, code: "NOT_FOUND", error };
}

function allowDeletions(
  unit: Unit,
  { target }: Extract<Request, { readonly do: "allow-deletions" }>,
): Reply {
  const status = unit.status();
  if (status === undefined || !unit.isStarted) return notReady;
  const names = status.sources.flatMap(({ targets }) => targets.map(({ name }) => name));
  if (target === undefined || names.includes(target)) {
    return { ok: true, allowed: unit.allowDeletions(target) };
  }
  const error = `there is no target ${JSON.stringify(target)}; there are ${names.join(", ")}`;
  return { ok: false, code: "NOT_FOUND", error };
}

const notReady: Reply = { ok: false, code: "NOT_READY", error: "not everything is watched yet" };
