/** Distances of pictures and sound at every shift, and what LSE-D, LSE-C and the offset are of them (SyncNetInstance.evaluate). */
import { embeddingSize } from "./network.js";

/** Frames that the sound is shifted by at most. */
export const mostShift = 15;
/** PyTorch's pairwise distance adds this to each difference. */
const epsilon = 1e-6;

export interface SyncScore {
  /** LSE-D: the smallest mean distance over shifts. */
  readonly distance: number;
  /** LSE-C: the median of the mean distances less the smallest. */
  readonly confidence: number;
  /** In frames; positive where the sound that fits is the earlier one. */
  readonly offset: number;
}

/** What becomes of pictures whose sound would lie beyond the ends: the published code compares them with zeros; leaving them out frees scores from the clip's length. */
export type Ends = "zeros" | "left out";

/** Embeddings [N,1024] of N windows each. Shifts that leave no pair do not count. */
export function syncScore(video: readonly Float32Array[], audio: readonly Float32Array[], ends: Ends = "zeros"): SyncScore {
  const zero = new Float32Array(embeddingSize);
  const means = new Map<number, number>();
  for (let shift = -mostShift; shift <= mostShift; shift++) {
    let [sum, pairs] = [0, 0];
    video.forEach((picture, i) => {
      const sound = audio[i + shift] ?? (ends === "zeros" ? zero : null);
      if (sound === null) return;
      sum += distance(picture, sound);
      pairs++;
    });
    if (pairs > 0) means.set(shift, sum / pairs);
  }
  const [best, least] = [...means].reduce((a, b) => (b[1] < a[1] ? b : a));
  // As many shifts each way: an odd number.
  const median = [...means.values()].sort((a, b) => a - b)[means.size >> 1]!;
  return { distance: least, confidence: median - least, offset: -best };
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < embeddingSize; i++) sum += (a[i]! - b[i]! + epsilon) ** 2;
  return Math.sqrt(sum);
}
