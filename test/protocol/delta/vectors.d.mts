export function contentOf(slices: readonly (readonly [number, number])[]): Buffer;
