import type { Look } from "../push/message.ts";
import type { Books } from "./settlement.ts";

/**
 * Takes what became of a session that was to wait: a target that cannot be reached is known to be
 * down before anything is to be sent there. What comes next tries at once all the same.
 */
export function takeLook({ failure, retryMs }: Look, books: Books): void {
  const { outage, tally, events } = books;
  if (failure === undefined) {
    if (!outage.isNoticed) return;
    books.isUp();
    books.pump();
  } else if (books.isIdle() && outage.notice(failure, performance.now(), retryMs)) {
    tally.troubled(failure.message);
    events.down(failure, retryMs);
  }
}
