/** One of the two videos of a pair, frame by frame: with its face, cut and resized as the pairing wants it. */
import { TalkfaceError } from "../base/errors.js";
import type { FaceAnalyzer } from "../face/analyzer.js";
import { cropAffine, pointsIntoCrop } from "../face/crop.js";
import { trackFace } from "../face/track.js";
import { type Image, resizeImage } from "../media/image.js";
import { type Affine, warpImage } from "../media/transform.js";
import type { Frame } from "../metrics/metric.js";
import type { Pairing } from "./frame-pairs.js";

/** Side of face crops in pixels where none is given. */
export const defaultCropSize = 256;

/** Picture null: nothing to cut to yet. */
export interface SideFrame {
  readonly image: Image | null;
  readonly mesh: Float32Array | null;
}

/** `length` frames evenly out of `count`. */
export interface Sampling {
  readonly count: number;
  readonly length: number;
}

/** What framePairs asks of a video. */
export interface Side {
  /** Null after the last frame. */
  next(): Promise<SideFrame | null>;
  /** Reads what is left, without looking for faces, and tells how many frames that were. */
  drain(): Promise<number>;
  close(): Promise<void>;
}

/** Read in this thread. `analyzer` null: faces are not looked for; `sampling` null: every frame. */
export class OwnSide implements Side {
  readonly #raw: AsyncGenerator<Image>;
  readonly #frames: AsyncGenerator<Frame>;
  readonly #pairing: Pairing;
  #cut: Affine | null = null;

  constructor(frames: AsyncGenerator<Image>, analyzer: FaceAnalyzer | null, pairing: Pairing, sampling: Sampling | null) {
    if (pairing.crop === "face" && analyzer === null) throw new TalkfaceError("internal", "internal: a face crop without a face analyzer.");
    this.#raw = sampling === null ? frames : sampled(frames, sampling);
    this.#frames = withFaces(this.#raw, analyzer);
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

  drain(): Promise<number> {
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
async function* sampled(frames: AsyncGenerator<Image>, { count, length }: Sampling): AsyncGenerator<Image> {
  let [t, i] = [0, 0];
  for await (const image of frames) {
    for (; i < length && Math.floor((i * count) / length) === t; i++) yield image;
    t++;
  }
}

export async function countOf(frames: AsyncGenerator<Image>): Promise<number> {
  let count = 0;
  for await (const _ of frames) count++;
  return count;
}

/** Stretched to a size; depths of points go with their x. */
export async function resized({ image, mesh }: Frame, { width, height }: { readonly width: number; readonly height: number }): Promise<Frame> {
  if (image.width === width && image.height === height) return { image, mesh };
  const [x, y] = [width / image.width, height / image.height];
  return { image: await resizeImage(image, width, height), mesh: mesh?.map((value, i) => value * (i % 3 === 1 ? y : x)) ?? null };
}
