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

/** Embeddings [N,1024] of N windows each; windows beyond the ends of the sound are zeros, and count. */
export function syncScore(video: readonly Float32Array[], audio: readonly Float32Array[]): SyncScore {
  const zero = new Float32Array(embeddingSize);
  const means = Array.from({ length: 2 * mostShift + 1 }, (_, k) => {
    let sum = 0;
    video.forEach((picture, i) => (sum += distance(picture, audio[i + k - mostShift] ?? zero)));
    return sum / video.length;
  });
  const best = means.indexOf(Math.min(...means));
  const median = [...means].sort((a, b) => a - b)[mostShift]!;
  return { distance: means[best]!, confidence: median - means[best]!, offset: mostShift - best };
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < embeddingSize; i++) sum += (a[i]! - b[i]! + epsilon) ** 2;
  return Math.sqrt(sum);
}
