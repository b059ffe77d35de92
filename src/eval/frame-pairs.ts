/** Which frame of the made video meets which of the real one, in which crop and at which size (reference practice: truncation; EAT's even sampling). */
import type { FaceAnalyzer } from "../face/analyzer.js";
import { cropName } from "../face/crop.js";
import type { Frame, FramePair } from "../metrics/metric.js";
import { countOf, defaultCropSize, OwnSide, resized, type Sampling, type Side } from "./side.js";
import { type OpenSource, scoredFps } from "./sources.js";

export interface Pairing {
  /** `truncate`: frame t meets frame t, to the end of the shorter one. `even`: both are sampled at floor(i n / L), L frames of the shorter one. */
  readonly frames: "truncate" | "even";
  /** `face`: each video is cut to its own aligned face, as its first frame with a face decides. */
  readonly crop: "none" | "face";
  /** Side of the compared pictures in pixels; null: as they are. */
  readonly size: number | null;
  /** Brings made frames to the size of the real ones. */
  readonly resize: boolean;
}

/** The part of a protocol that says how frames met. */
export function pairingProtocol({ frames, crop, size, resize }: Pairing): string {
  const place = crop === "face" ? `both cut to the aligned face (${cropName}, the first frame with a face decides, none before it counts), ${size ?? defaultCropSize} px` : size !== null ? `both resized to ${size} px` : resize ? "made frames resized to the real ones" : "whole frames";
  return `${place}; ${scoredFps} fps by time stamp, YUV to RGB with full chroma and exact rounding, ${frames === "even" ? "both sampled evenly at floor(i n / L)" : "truncated to the shorter"}`;
}

/** Filled while pairs are drawn. */
export interface Counts {
  made: number;
  real: number;
  /** Pairs, and of these frames without a face. */
  pairs: number;
  facelessMade: number;
  facelessReal: number;
  /** Pairs left out, because no frame had shown a face by then and there was nothing to cut to. */
  uncut: number;
}

export function noCounts(): Counts {
  return { made: 0, real: 0, pairs: 0, facelessMade: 0, facelessReal: 0, uncut: 0 };
}

/**
 * The pairs in order; a pair is all that is in memory. `analyzer` null: faces are not looked for. `elsewhere`: how the real video is read where that is not
 * done here. Both videos are read to their ends.
 */
export async function* framePairs(
  made: OpenSource,
  real: OpenSource | null,
  analyzer: FaceAnalyzer | null,
  pairing: Pairing,
  counts: Counts,
  elsewhere: ((sampling: Sampling | null) => Side) | null = null,
): AsyncGenerator<FramePair> {
  const isEven = pairing.frames === "even" && real !== null;
  if (isEven) [counts.made, counts.real] = await Promise.all([countOf(made.frames()), countOf(real.frames())]);
  const length = isEven ? Math.min(counts.made, counts.real) : null;
  const sampling = (count: number): Sampling | null => (length === null ? null : { count, length });
  const left = new OwnSide(made.frames(), analyzer, pairing, sampling(counts.made));
  const right = real === null ? null : elsewhere !== null ? elsewhere(sampling(counts.real)) : new OwnSide(real.frames(), analyzer, pairing, sampling(counts.real));
  try {
    for (let t = 0; ; t++) {
      const [a, b] = await Promise.all([left.next(), right?.next() ?? null]);
      if (!isEven && a !== null) counts.made++;
      if (!isEven && b !== null) counts.real++;
      if (a === null || (right !== null && b === null)) break;
      if (a.image === null || (b !== null && b.image === null)) {
        counts.uncut++;
        continue;
      }
      counts.pairs++;
      if (analyzer !== null && a.mesh === null) counts.facelessMade++;
      if (analyzer !== null && b !== null && b.mesh === null) counts.facelessReal++;
      const other = b as Frame | null;
      const source = length === null ? t : Math.floor((t * counts.made) / length);
      yield { made: other !== null && pairing.resize ? await resized(a as Frame, other.image) : (a as Frame), real: other, shown: made.shown.has(source) };
    }
    if (!isEven) {
      // The rest is counted alone.
      counts.made += await left.drain();
      counts.real += (await right?.drain()) ?? 0;
    }
  } finally {
    await Promise.all([left.close(), right?.close()]);
  }
}
