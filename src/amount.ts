const ageUnits = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
] as const;

/** A time span in its largest unit, for instance `3.5 h`. */
export function formatAge(seconds: number): string {
  const [size, unit] = ageUnits.find(([size]) => seconds >= size) ?? [1, "s"];
  const value = seconds / size;
  return `${formatNumber(value)} ${unit}`;
}

const byteUnits = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** An amount of data as people say it, in powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes === 1) return "1 byte";
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < byteUnits.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]}`;
}

/** A rate or a span in ms with two digits that count, for instance `4.2` or `120`. */
export function formatNumber(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** So many of a thing, for instance `1 path` and `2 paths`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
