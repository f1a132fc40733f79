import type { Reply, Request } from "../control/message.ts";
import type { Answerer } from "../control/server.ts";
import type { StatusReport } from "../status/report.ts";
import type { ReloadOutcome } from "./reload.ts";
import type { Unit } from "./unit.ts";

/** What a process leaves when it ends. */
export interface Left {
  /** Paths that no target has acknowledged, once for each target. */
  readonly undelivered: number;
  /** Targets that are to be compared with the whole tree, and have not been to the end. */
  readonly uncompared: number;
}

/** What can be asked of a process besides its mirrors. */
export interface Askable {
  /** Resolves with what is left undone. */
  stop(reason: string): Promise<Left>;
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
        return atTargets(unit, request, (target) => ({
          allowed: unit.allowDeletions(target),
        }));
      case "pause":
      case "resume":
      case "retry":
        return atTargets(unit, request, (target) => ({
          targets: unit.steer(request.do, target),
        }));
    }
  };
}

/** What several configurations answer, or the one of that file. */
export async function askUnits(
  process: Askable,
  units: readonly Unit[],
  request: Request,
  file?: string,
): Promise<readonly (Reply & { readonly file: string })[]> {
  const asked = units.filter(({ plan }) => (file ?? plan.file) === plan.file);
  const nobody = async (): Promise<void> => {};
  return await Promise.all(
    asked.map(async (unit) => {
      const reply = await answererFor(process, unit)(request, nobody);
      return { ...reply, file: unit.plan.file };
    }),
  );
}

async function stop(asked: Askable, tell: (reply: Reply) => Promise<void>): Promise<Reply> {
  const ended = asked.stop("request");
  await tell({ ok: true, pid: process.pid });
  return { ok: true, ...(await ended) };
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

function atTargets(
  unit: Unit,
  { target }: { readonly target?: string },
  carryOut: (target: string | undefined) => Readonly<Record<string, readonly string[]>>,
): Reply {
  const status = unit.status();
  if (status === undefined || !unit.isStarted) return notReady;
  const names = status.sources.flatMap(({ targets }) => targets.map(({ name }) => name));
  if (target === undefined || names.includes(target)) return { ok: true, ...carryOut(target) };
  const error = `there is no target ${JSON.stringify(target)}; there are ${names.join(", ")}`;
  return { ok: false, code: "NOT_FOUND", error };
}

const notReady: Reply = { ok: false, code: "NOT_READY", error: "not everything is watched yet" };
