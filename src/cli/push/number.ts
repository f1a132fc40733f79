const units = ["", "K", "M", "G", "T", "P"] as const;

/** Numbers as rsync prints them; `human` is 0 (digits) to 3, see `-h` in rsync(1). */
export function formatNumber(value: number, human: number, decimals = 0): string {
  if (human >= 2) {
    const base = human === 2 ? 1_000 : 1_024;
    let unit = 0;
    let scaled = value;
    while (scaled >= base && unit < units.length - 1) {
      scaled /= base;
      unit += 1;
    }
    if (unit > 0) return `${scaled.toFixed(2)}${units[unit]}`;
  }
  const digits = value.toFixed(decimals);
  return human === 0 ? digits : digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",");
}
