import type { Target as TargetAddress } from "../../protocol/index.ts";
import type { Remote } from "../config/schema.ts";
import type { PasswordWatch } from "./password-watch.ts";
import type { Target } from "./target.ts";

/** One remote of a source: what it is called, how it is reached, and what is to be done there. */
export interface NamedTarget {
  /** Of all targets of a mirror. */
  readonly id: number;
  readonly remote: Remote;
  readonly name: string;
  readonly target: Target;
  readonly password: PasswordWatch;
  /** Undefined until its source is there. */
  address: TargetAddress | undefined;
}
