export const kernels: readonly string[];
export function kernelFile(name: string): URL;
export function kernelModule(name: string): Promise<string>;
