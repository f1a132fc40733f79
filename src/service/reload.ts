import type { Logger } from "pino";
import { BadPlans, type Plan } from "./plan.ts";
import type { Unit } from "./unit.ts";

/** What came of reading the configurations again. */
export type ReloadOutcome =
  | {
      readonly ok: true;
      /** Files whose mirrors were replaced. */
      readonly changed: readonly string[];
      readonly unchanged: readonly string[];
    }
  /** Everything goes on as before. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Carries out the configurations as they are now; nothing is touched before all are in order. */
export async function reloadUnits(
  units: readonly Unit[],
  load: () => readonly Plan[],
  log: Logger,
): Promise<ReloadOutcome> {
  let plans: readonly Plan[];
  try {
    plans = load();
  } catch (error) {
    const mistakes = error instanceof BadPlans ? error.mistakes : [(error as Error).message];
    for (const mistake of mistakes) log.error(mistake);
    log.error("the configuration is not reloaded; the old one goes on");
    return { ok: false, mistakes };
  }
  for (const warning of plans.flatMap(({ warnings }) => warnings)) log.warn(warning);
  return carryOut(units, plans, log);
}

async function carryOut(
  units: readonly Unit[],
  plans: readonly Plan[],
  log: Logger,
): Promise<ReloadOutcome> {
  const changed: string[] = [];
  const unchanged: string[] = [];
  const mistakes: string[] = [];
  for (const [index, unit] of units.entries()) {
    const plan = plans[index] as Plan;
    if (plan.fingerprint === unit.plan.fingerprint) {
      unchanged.push(plan.file);
      continue;
    }
    try {
      await unit.replace(plan);
      changed.push(plan.file);
      log.info(`${plan.file}: the new configuration is carried out`);
    } catch (error) {
      mistakes.push(`${plan.file}: ${(error as Error).message}; the old configuration goes on`);
    }
  }
  for (const mistake of mistakes) log.error(mistake);
  if (mistakes.length > 0) return { ok: false, mistakes };
  if (changed.length === 0) log.info("reloaded; the configuration has not changed");
  return { ok: true, changed, unchanged };
}
