/** The binding below one of Node's compression streams, which works synchronously. */
export interface StreamHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputFrom: number,
    inputLength: number,
    output: Uint8Array,
    outputFrom: number,
    outputLength: number,
  ): void;
}
