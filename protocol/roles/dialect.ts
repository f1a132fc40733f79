import type { Cursor } from "../wire/cursor.ts";
import {
  FileIndexReader,
  FileIndexWriter,
  type IndexReader,
  type IndexWriter,
  plainIndices,
} from "../wire/file-index.ts";
import type { Writer } from "../wire/writer.ts";
import {
  type Item,
  itemFlags,
  type Request,
  readBareRequest,
  readRequest,
  writeBareItem,
  writeItem,
} from "./request.ts";

/** How generator and sender talk at one protocol; keeps the memory of one session. */
export interface Dialect {
  /** Phases after the first: files whose checksum failed, and delayed updates (spec 2 §1.4). */
  readonly lastPhase: number;
  /** The goodbye is answered once more. */
  readonly repeatsGoodbye: boolean;
  readRequest(from: Cursor): Request;
  writeItem(to: Writer, item: Item): void;
  /** An index, or one of the numbers that stand in its place. */
  writeIndex(to: Writer, index: number): void;
  /** True for what a generator says when it has been silent for long. */
  isKeepAlive(item: Item): boolean;
}

interface Forms {
  readonly request: (from: Cursor, indices: IndexReader) => Request;
  readonly item: (to: Writer, item: Item, indices: IndexWriter) => void;
}

const itemized: Forms = { request: readRequest, item: writeItem };
const bare: Forms = { request: readBareRequest, item: writeBareItem };

/** The dialect of `protocol`, 27 to 32, for a list of `listed` entries. */
export function openDialect(protocol: number, listed: number): Dialect {
  const forms = protocol >= 29 ? itemized : bare;
  const requests: IndexReader = protocol >= 30 ? new FileIndexReader() : plainIndices;
  const answers: IndexWriter = protocol >= 30 ? new FileIndexWriter() : plainIndices;
  return {
    lastPhase: protocol >= 29 ? 2 : 1,
    repeatsGoodbye: protocol >= 31,
    readRequest: (from) => forms.request(from, requests),
    writeItem: (to, item) => forms.item(to, item, answers),
    writeIndex: (to, index) => answers.write(to, index),
    // Its frames cannot be empty yet, so protocol 29 says it with an entry that is none.
    isKeepAlive: ({ index, flags }) =>
      protocol === 29 && index === listed && flags === itemFlags.isNew,
  };
}
