export interface Ended {
  readonly ok: boolean;
  /** There is no such program. */
  readonly missing: boolean;
  readonly output: string;
}
export interface RunOptions {
  readonly show?: boolean;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}
export const projectRoot: string;
export function inProject(...parts: readonly string[]): string;
export function run(argv: readonly string[], options?: RunOptions): Ended;
export function runNode(script: string, argv: readonly string[], options?: RunOptions): Ended;
