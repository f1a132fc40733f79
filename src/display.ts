import { asBytePath, displayPath } from "../protocol/index.ts";

/** A byte string from a configuration as a person reads it; "" stays "". */
export function display(bytes: string): string {
  return bytes === "" ? "" : displayPath(asBytePath(bytes));
}
