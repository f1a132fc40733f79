export const kernels: readonly string[];
export function kernelModule(name: string): Promise<string>;
