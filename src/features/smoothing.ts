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

/**
 * Lets go of trembling and keeps motion, as a Wiener filter does: a series smoothed over `near` frames on either side gives way to one smoothed
 * over `far` frames where the two differ by less than `tremble` (Euclidean, in the units of the series).
 */
export function settleOverTime(series: readonly Float32Array[], { near, far, tremble }: { readonly near: number; readonly far: number; readonly tremble: number }): Float32Array[] {
  const slow = smoothOverTime(series, far);
  return smoothOverTime(series, near).map((quick, t) => {
    const rest = slow[t]!;
    const energy = quick.reduce((sum, value, i) => sum + (value - rest[i]!) ** 2, 0);
    const share = energy / (energy + tremble ** 2);
    return quick.map((value, i) => rest[i]! + share * (value - rest[i]!));
  });
}
