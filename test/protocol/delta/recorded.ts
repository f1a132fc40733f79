import fs from "node:fs";
import { inProject } from "../../support/command.mjs";

/** Parts of the text that vectors.mjs makes files from: from and to. */
export type Slices = readonly (readonly [number, number])[];

/** What rsync 3.5.0 asked for and answered; `request` and all tokens are in hex. */
export interface RecordedFile {
  readonly name: string;
  readonly basis: Slices;
  readonly file: Slices;
  readonly request: string;
  readonly plain: string;
  readonly zlib: string;
  readonly zlibx: string;
  readonly zstd: string;
  readonly lz4: string;
}

function recorded<T>(name: string): T {
  return JSON.parse(fs.readFileSync(inProject("fixtures/wire", `${name}.json`), "utf8")) as T;
}

/** Files pushed over earlier versions of themselves, all in one session per compression. */
export const recordedFiles: readonly RecordedFile[] = recorded<{ files: RecordedFile[] }>(
  "delta-tokens",
).files;

/** Sum heads, in hex, of basis files of many sizes. */
export const recordedHeads: readonly { protocol: number; heads: string[] }[] = recorded<{
  protocols: { protocol: number; heads: string[] }[];
}>("delta-heads").protocols;
