import v8 from "node:v8";
import { SessionFailure } from "./refusal.ts";

/** The memory that file lists may take, of all clients together; nobody gets more than half of what is left. */
export class ListBudget {
  #left: number;

  constructor(mostBytes: number = v8.getHeapStatistics().heap_size_limit / 2) {
    this.#left = mostBytes;
  }

  /** What one session takes of it. */
  share(): ListShare {
    let taken = 0;
    return {
      spend: (bytes) => {
        if (taken + bytes > (this.#left + taken) / 2) {
          throw new SessionFailure(22, "ERROR: there is no memory left for so long a file list");
        }
        this.#left -= bytes;
        taken += bytes;
      },
      giveBack: () => {
        this.#left += taken;
        taken = 0;
      },
    };
  }
}

/** One session's part. */
export interface ListShare {
  /** @throws {SessionFailure} when that is more than there is. */
  spend(bytes: number): void;
  giveBack(): void;
}
