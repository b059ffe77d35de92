/**
 * From the frames of one face to clips of aligned crops, in one pass: frames wait only until the smoothed alignment of their place is known,
 * so that memory does not grow with the length of the video.
 */
import { cropAffine, pointsIntoCrop, smoothCrops } from "../face/crop.js";
import { to68 } from "../face/landmarks.js";
import { meshLength } from "../face/mesh-parts.js";
import { encodeJpeg, type Image } from "../media/image.js";
import { affineScale, warpImage, type Affine } from "../media/transform.js";

export type PartEnd = "end" | "cut" | "lost" | "full";

/** One uninterrupted stretch of a face. */
export interface Part {
  /** First frame in the source. */
  readonly startFrame: number;
  readonly frames: number;
  /** JPEG files of the crops. */
  readonly pictures: readonly Uint8Array[];
  /** [T,478,3] crop px. */
  readonly mesh: Float32Array;
  /** [T,68,2] crop px. */
  readonly landmarks: Float32Array;
  /** [T,2,3] crop -> source. */
  readonly crop: Float32Array;
  /** Median of source pixels per crop pixel: below 1 the face is smaller than its crop. */
  readonly scale: number;
  readonly end: PartEnd;
}

export interface CutterOptions {
  readonly size: number;
  /** Frames after which a part is full. */
  readonly maxFrames: number;
  /** Source pixels per pixel of the frames that are pushed. */
  readonly sourceScale: number;
}

const jpegQuality = 95;
const sigmaFrames = 8;
/** Frames on either side that the smoothed alignment sees: beyond three sigma nothing counts. */
export const lookAhead = 3 * sigmaFrames;
/** A face may be lost for this many frames; its points are interpolated there. */
export const longestGap = 5;

interface Open {
  readonly startFrame: number;
  /** Points of every frame so far; a gap's are filled in when it ends. */
  readonly meshes: Float32Array[];
  readonly affines: Affine[];
  readonly smoothed: Affine[];
  readonly pictures: Promise<Uint8Array>[];
  /** Images of the frames from `smoothed.length` on. */
  waiting: Image[];
  /** Images since the face was lost. */
  gap: Image[];
}

export class ClipCutter {
  readonly #options: CutterOptions;
  #open: Open | null = null;

  constructor(options: CutterOptions) {
    this.#options = options;
  }

  /** Takes frame `index` with the face's points [478,3] in source px, null where it is lost. Gives the part that ends here: lost for too long, or full. */
  async add(image: Image, points: Float32Array | null, index: number): Promise<Part | null> {
    const { size, maxFrames } = this.#options;
    if (points === null) {
      if (this.#open === null) return null;
      this.#open.gap.push(image);
      return this.#open.gap.length > longestGap ? this.end("lost") : null;
    }
    const open = (this.#open ??= { startFrame: index, meshes: [], affines: [], smoothed: [], pictures: [], waiting: [], gap: [] });
    fillGap(open, points, size);
    add(open, image, points, size);
    while (open.smoothed.length + lookAhead < open.affines.length) drawNext(open, size);
    return open.affines.length >= maxFrames ? this.end("full") : null;
  }

  /** The part up to the face's last frame; null where there is none. */
  async end(end: PartEnd): Promise<Part | null> {
    const open = this.#open;
    this.#open = null;
    return open === null ? null : close(open, end, this.#options);
  }
}

function add(open: Open, image: Image, points: Float32Array, size: number): void {
  open.meshes.push(points);
  open.affines.push(cropAffine({ points }, size));
  open.waiting.push(image);
}

function fillGap(open: Open, after: Float32Array, size: number): void {
  const before = open.meshes.at(-1);
  const steps = open.gap.length + 1;
  open.gap.forEach((image, i) => {
    const share = (i + 1) / steps;
    add(open, image, after.map((value, k) => value * share + (before?.[k] ?? value) * (1 - share)), size);
  });
  open.gap = [];
}

/** Aligns and encodes the oldest waiting frame. Encoding runs beside the networks in libuv's threads. */
function drawNext(open: Open, size: number): void {
  const t = open.smoothed.length;
  const from = Math.max(0, t - lookAhead);
  const window = open.affines.slice(from, t + lookAhead + 1);
  const affine = smoothCrops(window, sigmaFrames)[t - from]!;
  const image = open.waiting.shift()!;
  open.smoothed.push(affine);
  open.pictures.push(encodeJpeg(warpImage(image, affine, size, size, "edge"), jpegQuality));
}

async function close(open: Open, end: PartEnd, { size, sourceScale }: CutterOptions): Promise<Part> {
  while (open.waiting.length > 0) drawNext(open, size);
  const frames = open.smoothed.length;
  const mesh = new Float32Array(frames * meshLength);
  const landmarks = new Float32Array(frames * 68 * 2);
  const crop = new Float32Array(frames * 6);
  open.smoothed.forEach((affine, t) => {
    const own = pointsIntoCrop(open.meshes[t]!, 3, affine);
    mesh.set(own, t * own.length);
    landmarks.set(to68(own), t * 136);
    crop.set(affine.map((value) => value * sourceScale), t * 6);
  });
  const scales = open.smoothed.map((affine) => affineScale(affine) * sourceScale).sort((a, b) => a - b);
  const pictures = await Promise.all(open.pictures);
  return { startFrame: open.startFrame, frames, pictures, mesh, landmarks, crop, scale: scales[frames >> 1] ?? 0, end };
}
