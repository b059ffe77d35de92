/** Scores of one clip: real and made frames, both seen by the same landmarker. */
import { TalkfaceError } from "../../src/base/errors.js";
import type { FaceAnalyzer } from "../../src/face/analyzer.js";
import { cosine, type IdentityNet } from "../../src/face/identity.js";
import { to68 } from "../../src/face/landmarks.js";
import type { Image } from "../../src/media/image.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import { pearson } from "../../src/metrics/correlation.js";
import { mouthDistance, mouthDistanceShare } from "../../src/metrics/landmarks.js";
import { inEyeSpans } from "../../src/metrics/face-axes.js";
import { mouthSeries } from "../../src/metrics/lips.js";
import { psnr } from "../../src/metrics/psnr.js";
import { ssim } from "../../src/metrics/ssim.js";
import { measureBrows, measureEyes, type Measured } from "../../src/metrics/upper-face.js";

/** Frames of a clip with the mesh [478,3] that was found in each, or null. */
export interface SeenFrames {
  readonly images: readonly Image[];
  readonly meshes: readonly (Float32Array | null)[];
}

export interface MouthScores {
  /** Pearson of the outer-lip opening, and of the chin, with the real ones. */
  readonly lips: number;
  readonly chin: number;
  /** The same of eye opening and brow height. */
  readonly eyes: number;
  readonly brows: number;
  /** Mouth landmark distance in pixels of a 128 px crop, and over the eye distance; null where no face was found. */
  readonly mouth: number | null;
  readonly mouthShare: number | null;
  /** Share of the made frames in which the face was found. */
  readonly found: number;
}

export interface PictureScores {
  readonly psnr: number;
  readonly ssim: number;
  /** Cosine of identity vectors, null where no face was found. */
  readonly id: number | null;
}

const scoredSide = 128;
/** Identity changes slowly; more frames would cost time and tell no more. */
const identityFrames = 12;
/** With fewer frames a correlation is chance. */
const fewestFrames = 10;

/** Two mesh passes from the detector on every frame, as if it were alone. A picture that comes again is looked at once. */
export async function seeFrames(analyzer: FaceAnalyzer, images: readonly Image[]): Promise<SeenFrames> {
  const known = new Map<Image, Float32Array | null>();
  const meshes: (Float32Array | null)[] = [];
  for (const image of images) {
    let mesh = known.get(image);
    if (mesh === undefined) {
      mesh = (await analyzer.find(image, "largest"))?.points ?? null;
      known.set(image, mesh);
    }
    meshes.push(mesh);
  }
  return { images, meshes };
}

/** `shown`: frames that the generator was given as identity pictures; they count for movement, not for likeness. */
export function scoreMouth(real: SeenFrames, made: SeenFrames, shown: ReadonlySet<number>): MouthScores {
  const pairs = real.meshes.flatMap((mesh, t) => {
    const other = made.meshes[t] ?? null;
    return mesh === null || other === null ? [] : [{ t, mesh, other }];
  });
  const found = made.meshes.filter((mesh) => mesh !== null).length / made.meshes.length;
  if (pairs.length === 0) return { lips: 0, chin: 0, eyes: 0, brows: 0, mouth: null, mouthShare: null, found };
  const [a, b] = [mouthSeries(pairs.map(({ mesh }) => mesh)), mouthSeries(pairs.map(({ other }) => other))];
  const series = (measure: (mesh: Float32Array) => Measured, meshes: readonly Float32Array[]): Float32Array => {
    const lengths = meshes.map(measure);
    return inEyeSpans(lengths.map(({ length }) => length), lengths.map(({ eyes }) => eyes));
  };
  const agreement = (measure: (mesh: Float32Array) => Measured): number => pearson(series(measure, pairs.map(({ mesh }) => mesh)), series(measure, pairs.map(({ other }) => other)));
  const unseen = pairs.filter(({ t }) => !shown.has(t)).map(({ mesh, other }) => [to68(mesh), to68(other)] as const);
  const scale = scoredSide / (real.images[0] as Image).width;
  return {
    lips: pearson(a.lips, b.lips),
    chin: pearson(a.chin, b.chin),
    eyes: agreement(measureEyes),
    brows: agreement(measureBrows),
    mouth: unseen.length === 0 ? null : scale * meanOf(unseen.map(([x, y]) => mouthDistance(x, y))),
    mouthShare: unseen.length === 0 ? null : meanOf(unseen.map(([x, y]) => mouthDistanceShare(x, y))),
    found,
  };
}

export async function scorePictures(real: SeenFrames, made: SeenFrames, shown: ReadonlySet<number>, net: IdentityNet): Promise<PictureScores> {
  if (real.images.length !== made.images.length) {
    throw new TalkfaceError("internal", `internal: ${made.images.length} frames were made, expected ${real.images.length}.`);
  }
  const unseen = real.images.map((_, t) => t).filter((t) => !shown.has(t));
  const over = (score: (a: Image, b: Image) => number): number => meanOf(unseen.map((t) => score(real.images[t] as Image, made.images[t] as Image)));
  const cosines: number[] = [];
  const usable = unseen.filter((t) => real.meshes[t] !== null && made.meshes[t] !== null);
  const step = Math.max(1, usable.length / identityFrames);
  for (let i = 0; Math.floor(i) < usable.length; i += step) {
    const t = usable[Math.floor(i)] as number;
    const vector = (frames: SeenFrames): Promise<Float32Array> => net.embed(frames.images[t] as Image, to68(frames.meshes[t] as Float32Array));
    cosines.push(cosine(await vector(real), await vector(made)));
  }
  return { psnr: over(psnr), ssim: over(ssim), id: cosines.length === 0 ? null : meanOf(cosines) };
}

/**
 * Pearson of the lip opening of made frames with that of the speaker whose speech drives them, over the frames that both have; null where
 * fewer than ten show a face.
 */
export function scoreSpeaker(speaker: readonly Float32Array[], made: SeenFrames): number | null {
  const pairs = speaker.flatMap((mesh, t) => {
    const other = made.meshes[t] ?? null;
    return other === null ? [] : [[mesh, other] as const];
  });
  if (pairs.length < fewestFrames) return null;
  return pearson(mouthSeries(pairs.map(([mesh]) => mesh)).lips, mouthSeries(pairs.map(([, other]) => other)).lips);
}
