export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
export function countTests(report: object | undefined, ok: boolean): Count;
export function addCounts(counts: readonly Count[]): Count;
export function formatCount(count: Count): string;
