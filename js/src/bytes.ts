import type { Format } from "./format.ts";

/** A size in words: "640 B", "48 kB", "1.2 MB", by thousands. */
export function sizeIn(bytes: number, format: Pick<Format, "number">): string {
  // 999,960 reads as 1 MB, not as 1,000 kB.
  const [divisor, unit] =
    bytes < 1_000 ? [1, "B"] : bytes < 999_500 ? [1e3, "kB"] : bytes < 999.5e6 ? [1e6, "MB"] : [1e9, "GB"];
  const value = bytes / divisor;
  return `${format.number(value < 10 && divisor > 1 ? Math.round(value * 10) / 10 : Math.round(value))} ${unit}`;
}
