import { type Command as Commander, Option } from "commander";
import { defaultPage, type StatusAddress } from "../status/address.ts";
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
  asked: (command: HealthCommand) => void,
  environment: Readonly<Record<string, string | undefined>>,
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
