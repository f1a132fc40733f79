import { archive, type ClientOptions, targetOf } from "./client.ts";
import type { FilesFrom } from "./handshake/files-from.ts";
import type { TransferOptions } from "./options.ts";
import { pathFromText } from "./path.ts";
import { ProgressMeter, type PushProgress } from "./progress.ts";
import type { PullJob } from "./pull-job.ts";
import type { PullObserver, PullResult } from "./pull-report.ts";
import { runPull } from "./puller.ts";
import { localRules } from "./source/rule-files.ts";
import type { Target } from "./target.ts";

/** How {@link pull} fetches; `transfer` defaults to what `rsync -rlpt` does. */
export interface PullOptions
  extends Omit<PullJob, "target" | "destination" | "transfer" | "filter" | "filesFrom">,
    ClientOptions {
  readonly transfer?: TransferOptions;
  /** Rules as `--filter` takes them: for what is sent, and for what a delete pass leaves alone. */
  readonly filter?: readonly string[];
  /** `--files-from`: names, as text, or a file of the module's. Sets `relative` by default. */
  readonly filesFrom?: FilesFrom;
  /** Told some times a second, and at the end. */
  readonly progress?: (progress: PushProgress) => void;
}

/**
 * Fetches a directory of a module, or a file, as `rsync -rlpt URL DESTINATION` does. Under every
 * name there is the old file or the complete new one, at every moment.
 *
 * @param url `rsync://[user@]host[:port]/module/path`, `rsyncs://` for TLS, or
 *   `[user@]host::module/path`; a path that ends in `/` is a directory whose content is fetched.
 * @param destination a local directory, which is made where it is missing; a single file may take
 *   the name itself.
 * @returns what is not as it should be, and the counts.
 * @throws {RsyncError} whatever ended the session early.
 */
export async function pull(
  url: string | Target,
  destination: string,
  options: PullOptions = {},
): Promise<PullResult> {
  const {
    transfer = archive,
    password,
    protocol,
    progress,
    filter = [],
    filesFrom,
    ...rest
  } = options;
  const target = targetOf(url, { password, protocol, namesFile: true });
  const meter = progress && new ProgressMeter(progress);
  const result = await runPull({
    ...rest,
    ...(meter && measured(rest, meter)),
    target,
    destination,
    transfer,
    filesFrom: filesFrom && inBytes(filesFrom),
    filter: localRules(filter, transfer),
  });
  meter?.finish();
  return result;
}

function inBytes(filesFrom: FilesFrom): FilesFrom {
  if ("names" in filesFrom) return { names: filesFrom.names.map(pathFromText) };
  return { ...filesFrom, file: pathFromText(filesFrom.file) };
}

/** Tells the meter, and whoever is told already. */
function measured(told: PullObserver, { observer }: ProgressMeter): PullObserver {
  return {
    listed: (entries, isLast) => {
      observer.listed?.(entries, isLast);
      told.listed?.(entries, isLast);
    },
    receiving: (entry, item, place) => {
      observer.sending?.(entry, item, place);
      told.receiving?.(entry, item, place);
    },
    step: (bytes) => {
      observer.step?.(bytes);
      told.step?.(bytes);
    },
    received: (entry, outcome, place) => {
      if (outcome.kind === "received") {
        observer.sent?.(entry, { ...outcome, kind: "sent" }, place);
      }
      told.received?.(entry, outcome, place);
    },
  };
}
