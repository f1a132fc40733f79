/** What a command has printed so far, as text. */
export interface Told {
  out: string;
  err: string;
}

/** Outputs for a command that runs in this process, and what it tells them. */
export function collectOutputs() {
  const told: Told = { out: "", err: "" };
  const outputs = {
    out: (text: string): void => {
      told.out += text;
    },
    err: (text: string): void => {
      told.err += text;
    },
  };
  return { told, outputs };
}
