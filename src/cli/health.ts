import { type Command as Commander, Option } from "commander";
import { defaultPage, pageUrl, reachable, type StatusAddress } from "../status/address.ts";
import type { Health } from "../status/health.ts";
import type { HealthCommand } from "./command.ts";
import { pageFrom, parseCount, parsePage } from "./settings.ts";

interface HealthFlags {
  readonly page?: StatusAddress;
  readonly timeout?: number;
}

const defaultTimeoutSeconds = 3;

/** Adds `sersync health`, for images that have no curl. */
export function addHealth(
  program: Commander,
  environment: Readonly<Record<string, string | undefined>>,
  asked: (command: HealthCommand) => void,
): void {
  program
    .command("health")
    .description("ask the status page whether the running program is ready: exit code 0 or 1")
    .option("--page <address>", "default localhost:8008 (SERSYNC_PAGE)", parsePage)
    .option("--timeout <seconds>", `default ${defaultTimeoutSeconds}`, parseCount)
    .addOption(new Option("--lang <language>").choices(["en", "zh"]).hideHelp())
    .action(({ page, timeout = defaultTimeoutSeconds }: HealthFlags) =>
      asked({
        kind: "health",
        page: page ?? pageFrom(environment) ?? defaultPage,
        timeoutMs: timeout * 1_000,
      }),
    );
}

/** Asks `/readyz`; says "ready", or each reason why not on a line of its own. */
export async function askHealth({
  page,
  timeoutMs,
}: HealthCommand): Promise<{ readonly text: string; readonly exitCode: number }> {
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
