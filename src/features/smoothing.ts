/** Smoothing over time that keeps peaks: a parabola fitted to the frames around each frame. */
import { parabolaWeights } from "../base/savitzky-golay.js";

/**
 * Values of T frames, each a vector of one length, smoothed by a parabola over `reach` frames on either side; at the ends the series is
 * continued by its mirror about the last value, so that a steady motion stays as it is.
 */
export function smoothOverTime(series: readonly Float32Array[], reach: number): Float32Array[] {
  const weights = parabolaWeights(reach);
  const last = series.length - 1;
  if (last < 1) return series.map((frame) => frame.slice());
  const at = (t: number, i: number): number => {
    const inside = Math.min(last, Math.max(0, t));
    const mirrored = Math.min(last, Math.max(0, 2 * inside - t));
    return inside === t ? series[t]![i]! : 2 * series[inside]![i]! - series[mirrored]![i]!;
  };
  return series.map((frame, t) => frame.map((_, i) => weights.reduce((sum, weight, k) => sum + weight * at(t + k - reach, i), 0)));
}
