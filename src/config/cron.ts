import { Cron } from "croner";

/** Why a cron expression cannot be used, or undefined. */
export function cronProblem(expression: string): string | undefined {
  try {
    const next = new Cron(expression).nextRun();
    return next === null ? "it never comes due" : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
