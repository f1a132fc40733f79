import type { TokenReader } from "../delta/token-reader.ts";
import { RsyncError } from "../errors.ts";
import type { Output } from "../mux/mux.ts";
import type { Connection } from "../transport/connection.ts";
import { Silence } from "../transport/silence.ts";
import type { Sink } from "../transport/sink.ts";
import type { Source } from "../transport/source.ts";
import type { Cursor } from "../wire/cursor.ts";
import { openDialect } from "./dialect.ts";
import { Generator } from "./generator.ts";
import { Receiver, type ReceiverLink } from "./receiver.ts";
import type { Meeting, ReceivingJob } from "./receiving.ts";

/** Content comes in many pieces, and nobody waits for an answer to each. */
const answerEveryMs = 2;

/** Both directions of a session that receives. */
export interface ReceptionLink {
  readonly socket: Connection;
  readonly source: Source;
  readonly sink: Sink;
  readonly output: Output;
}

/**
 * Takes a list: generator and receiver work side by side, from the first request to the goodbye;
 * what ends one ends both.
 *
 * @throws {RsyncError} what ended the session early.
 */
export async function runReception(
  link: ReceptionLink,
  job: ReceivingJob,
  meeting: Meeting,
  tokens: TokenReader,
): Promise<void> {
  const { socket, source, output } = link;
  const dialect = openDialect(job.protocol, job.lists.nextIndex - 1);
  const silence = new Silence(socket, { everyMs: answerEveryMs });
  const reading: ReceiverLink = {
    read: (decode) => read(link, silence, decode),
    tryRead: (decode) => source.tryRead(decode),
    available: () => source.available,
    stream: (decode) => source.stream(decode, () => silence.answer(output)),
    position: () => source.position,
    dialect,
    pace: () => new Promise(setImmediate),
  };
  const generator = new Generator({ output, dialect, pace: () => pace(link) }, job, meeting);
  const receiver = new Receiver(reading, job, meeting, tokens);
  const ends = (error: unknown): never => {
    const reason = error instanceof RsyncError ? error : undefined;
    source.fail(reason ?? new RsyncError("FILE_IO", String(error), { cause: error }));
    throw error;
  };
  const received = receiver.run().catch(ends);
  try {
    await Promise.all([generator.run().catch(ends), received]);
  } finally {
    silence.stop();
    receiver.abandon();
    // What fails in the generator ends the receiver a moment later.
    const release = (): void => receiver.release();
    received.then(release, release);
  }
}

async function read<T>(
  { source, output }: ReceptionLink,
  silence: Silence,
  decode: (from: Cursor) => T,
): Promise<T> {
  for (;;) {
    const value = source.tryRead(decode);
    if (value !== undefined) return value;
    silence.answer(output);
    await source.more();
  }
}

async function pace({ output, sink, source }: ReceptionLink): Promise<void> {
  output.flush();
  if (sink.congested) await sink.drained();
  else await new Promise(setImmediate);
  if (source.failure !== undefined) throw source.failure;
}
