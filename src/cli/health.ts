import { pageUrl, reachable } from "../status/address.ts";
import type { Health } from "../status/health.ts";
import type { HealthCommand } from "./command.ts";

/** Asks `/readyz`; says "ready", or each reason why not on a line of its own. */
export async function askHealth({
  page,
  timeoutMs,
}: HealthCommand): Promise<{ readonly text: string; readonly exitCode: number }> {
  if (page.port === 0) {
    return { text: "cannot ask: the status page is off (--page, SERSYNC_PAGE)\n", exitCode: 1 };
  }
  const url = `${pageUrl(reachable(page))}readyz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    const { ready, reasons } = (await answer.json()) as Health;
    if (ready === true) return { text: "ready\n", exitCode: 0 };
    return { text: `not ready\n${reasons.join("\n")}\n`, exitCode: 1 };
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    return { text: `cannot ask ${url}: ${reason}\n`, exitCode: 1 };
  }
}
