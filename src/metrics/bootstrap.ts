/** How sure a mean over clips is. */
import { TalkfaceError } from "../base/errors.js";
import { Random } from "../base/random.js";

export const intervalProtocol = "95 % interval: percentile bootstrap over clips, 5000 rounds";

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Values that the mean was taken of. */
  readonly count: number;
}

/** Mean with its percentile bootstrap interval (Efron 1979): values are drawn with replacement, as many as there are. */
export function bootstrapMean(values: readonly number[], options: { readonly seed?: number; readonly rounds?: number; readonly level?: number } = {}): Interval {
  const { seed = 0, rounds = 5000, level = 0.95 } = options;
  const count = values.length;
  if (count === 0) throw new TalkfaceError("internal", "internal: bootstrapMean: no values.");
  const random = new Random(seed);
  const means = Float64Array.from({ length: rounds }, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[random.integer(count)]!;
    return sum / count;
  }).sort();
  const tail = (1 - level) / 2;
  return { mean: meanOf(values), low: quantile(means, tail), high: quantile(means, 1 - tail), count };
}

/** Interval of the mean of a[i] - b[i]: what one variant does better than another on the same clips. */
export function bootstrapDifference(a: readonly number[], b: readonly number[], options: Parameters<typeof bootstrapMean>[1] = {}): Interval {
  if (a.length !== b.length) throw new TalkfaceError("internal", `internal: bootstrapDifference: ${a.length} and ${b.length} values, expected pairs.`);
  return bootstrapMean(a.map((value, i) => value - b[i]!), options);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between order statistics (numpy's default). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(sorted.length - 1, below + 1)]!;
  return low === high ? low : low + (high - low) * (place - below);
}
