/** Which frame of the made video meets which of the real one, in which crop and at which size (reference practice: truncation; EAT's even sampling). */
import { TalkfaceError } from "../base/errors.js";
import type { FaceAnalyzer } from "../face/analyzer.js";
import { cropAffine, cropName, pointsIntoCrop } from "../face/crop.js";
import { trackFace } from "../face/track.js";
import { type Image, resizeImage } from "../media/image.js";
import { type Affine, warpImage } from "../media/transform.js";
import type { Frame, FramePair } from "../metrics/metric.js";
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

/** Side of face crops where none is given. */
export const defaultCropSize = 256;

/** The part of a protocol that says how frames met. */
export function pairingProtocol({ frames, crop, size, resize }: Pairing): string {
  const place = crop === "face" ? `both cut to the aligned face (${cropName}, the first frame with a face decides), ${size ?? defaultCropSize} px` : size !== null ? `both resized to ${size} px` : resize ? "made frames resized to the real ones" : "whole frames";
  return `${place}; ${scoredFps} fps by time stamp, ${frames === "even" ? "both sampled evenly at floor(i n / L)" : "truncated to the shorter"}`;
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

/** The pairs in order; a pair is all that is in memory. `analyzer` null: faces are not looked for. Both videos are read to their ends. */
export async function* framePairs(made: OpenSource, real: OpenSource | null, analyzer: FaceAnalyzer | null, pairing: Pairing, counts: Counts): AsyncGenerator<FramePair> {
  const isEven = pairing.frames === "even" && real !== null;
  if (isEven) [counts.made, counts.real] = await Promise.all([countOf(made.frames()), countOf(real.frames())]);
  const length = isEven ? Math.min(counts.made, counts.real) : null;
  const open = (source: OpenSource, count: number): Side => new Side(length === null ? source.frames() : sampled(source.frames(), count, length), analyzer, pairing);
  const left = open(made, counts.made);
  const right = real === null ? null : open(real, counts.real);
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

/** Picture null: nothing to cut to yet. */
interface SideFrame {
  readonly image: Image | null;
  readonly mesh: Float32Array | null;
}

/** Frames of one of the two videos, with faces, cut and resized. */
class Side {
  readonly #raw: AsyncGenerator<Image>;
  readonly #frames: AsyncGenerator<Frame>;
  readonly #pairing: Pairing;
  #cut: Affine | null = null;

  constructor(raw: AsyncGenerator<Image>, analyzer: FaceAnalyzer | null, pairing: Pairing) {
    if (pairing.crop === "face" && analyzer === null) throw new TalkfaceError("internal", "internal: a face crop without a face analyzer.");
    this.#raw = raw;
    this.#frames = withFaces(raw, analyzer);
    this.#pairing = pairing;
  }

  async next(): Promise<SideFrame | null> {
    const next = await this.#frames.next();
    if (next.done === true) return null;
    const { image, mesh } = next.value;
    const { crop, size } = this.#pairing;
    if (crop === "none") return size === null ? next.value : resized(next.value, { width: size, height: size });
    const side = size ?? defaultCropSize;
    if (this.#cut === null && mesh !== null) this.#cut = cropAffine({ points: mesh }, side);
    if (this.#cut === null) return { image: null, mesh: null };
    return { image: warpImage(image, this.#cut, side, side, "edge"), mesh: mesh === null ? null : pointsIntoCrop(mesh, 3, this.#cut) };
  }

  /** Frames that are left; faces are not looked for in them. */
  async drain(): Promise<number> {
    return countOf(this.#raw);
  }

  async close(): Promise<void> {
    await this.#frames.return(undefined);
    await this.#raw.return(undefined);
  }
}

async function* withFaces(frames: AsyncGenerator<Image>, analyzer: FaceAnalyzer | null): AsyncGenerator<Frame> {
  if (analyzer === null) for await (const image of frames) yield { image, mesh: null };
  else for await (const { image, mesh } of trackFace(frames, analyzer, { face: "largest" })) yield { image, mesh: mesh?.points ?? null };
}

/** Frames floor(i n / L), i = 0..L-1. */
async function* sampled(frames: AsyncGenerator<Image>, count: number, length: number): AsyncGenerator<Image> {
  let [t, i] = [0, 0];
  for await (const image of frames) {
    for (; i < length && Math.floor((i * count) / length) === t; i++) yield image;
    t++;
  }
}

async function countOf(frames: AsyncGenerator<Image>): Promise<number> {
  let count = 0;
  for await (const _ of frames) count++;
  return count;
}

/** Stretched to a size; depths of points go with their x. */
async function resized({ image, mesh }: Frame, { width, height }: { readonly width: number; readonly height: number }): Promise<Frame> {
  if (image.width === width && image.height === height) return { image, mesh };
  const [x, y] = [width / image.width, height / image.height];
  return { image: await resizeImage(image, width, height), mesh: mesh?.map((value, i) => value * (i % 3 === 1 ? y : x)) ?? null };
}
