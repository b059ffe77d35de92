/** Scales and their marks. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Decimals that tell the ticks apart. */
  readonly decimals: number;
}

/** A scale that holds all values with about `count` ticks at round numbers (steps of 1, 2 or 5 times a power of ten). */
export function scaleOf(values: readonly number[], count = 4): Scale {
  const finite = values.filter((value) => Number.isFinite(value));
  let low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  let high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  if (finite.length === 0) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - Math.max(0.5, Math.abs(low) * 0.05), high + Math.max(0.5, Math.abs(high) * 0.05)];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: last * step, ticks, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Place of a value between 0 and `length`. */
export function placeOf({ low, high }: Scale, value: number, length: number): number {
  return ((value - low) / (high - low)) * length;
}

/** A coordinate with one decimal: enough for a picture, and short. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
