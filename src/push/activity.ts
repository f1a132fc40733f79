import type { FileEntry, PushObserver } from "../../protocol/index.ts";
import type { SendingFile } from "./message.ts";

/** More are not told: nobody reads so many. */
const mostTold = 10;

/** The file that one session sends. */
interface Sending {
  entry: FileEntry | undefined;
  bytes: number;
}

/** Which files are being sent to one target, and how far each is. */
export class Sendings {
  readonly #sessions = new Set<Sending>();

  /** Of this moment. */
  get files(): SendingFile[] {
    const files: SendingFile[] = [];
    for (const { entry, bytes } of this.#sessions) {
      if (entry === undefined || files.length === mostTold) continue;
      files.push({ path: entry.path, bytes, size: Math.max(entry.size, bytes) });
    }
    return files;
  }

  /** Looks on while a session pushes, which `end` is called after. */
  begin(): Required<Pick<PushObserver, "sending" | "step" | "sent">> & {
    readonly end: () => void;
  } {
    const session: Sending = { entry: undefined, bytes: 0 };
    this.#sessions.add(session);
    return {
      sending: (entry) => {
        session.entry = entry;
        session.bytes = 0;
      },
      step: (bytes) => {
        session.bytes = bytes;
      },
      sent: () => {
        session.entry = undefined;
      },
      end: () => void this.#sessions.delete(session),
    };
  }
}
