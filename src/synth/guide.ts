/** The expression video: followed, aligned and reduced to the motion that it lends. Its length in memory is bounded. */
import { TalkfaceError } from "../base/errors.js";
import { warn } from "../base/log.js";
import type { FaceAnalyzer } from "../face/analyzer.js";
import { cropAffine, pointsIntoCrop, smoothCrops } from "../face/crop.js";
import { trackFace } from "../face/track.js";
import { type FaceFrame, faceFrame, ownShape } from "../features/face-frame.js";
import type { Image } from "../media/image.js";
import { type Affine, composeAffine, invertAffine, warpImage } from "../media/transform.js";
import { readFrames } from "../media/video-reader.js";
import { expressionEvery, type GuideMotion, guideMotion } from "./guide-motion.js";
import type { TalkingModel } from "./talking-model.js";
import type { StageClock } from "./timings.js";

/** Of a longer guide this much is used, forth and back: enough that nobody sees it return. */
export const guideSeconds = 60;
/** Pictures for the expression encoder are kept with this much around them, until the smoothed crop is known. */
const margin = 1.5;
/** Larger pictures are shrunk while decoding: a crop of the usual size keeps all its detail. */
const largestSide = 1280;
/** A guide that changes the shot is used up to there, if it lasts at least so many frames until then. */
const leastFrames = 10;

/** A guide frame that is kept for its expression, with the map from its pixels to the source. */
interface Kept {
  readonly image: Image;
  readonly toSource: Affine;
}

/** Reads at most `guideSeconds` of a guide. Throws `no-face` where no face, or hardly one, is seen. */
export async function readGuide(path: string, model: Pick<TalkingModel, "contract" | "expression">, analyzer: FaceAnalyzer, clock: StageClock): Promise<GuideMotion> {
  const { size, fps } = model.contract;
  const meshes: (Float32Array | null)[] = [];
  const crops: (Affine | null)[] = [];
  const kept: (Kept | null)[] = [];
  const frames = clock.waiting("decode", readFrames(path, { fps, durationSeconds: guideSeconds, maxSide: largestSide }));
  clock.enter("face");
  for await (const { image, mesh, cut } of trackFace(frames, analyzer, { face: "largest" })) {
    if (cut && meshes.length > 0) {
      if (meshes.length >= leastFrames && meshes.some((one) => one !== null)) {
        warn(`${path}: the shot changes after ${(meshes.length / fps).toFixed(1)} s; the guide is used up to there.`);
        break;
      }
      for (const list of [meshes, crops, kept]) list.length = 0;
    }
    const crop = mesh === null ? null : cropAffine(mesh, size);
    if (meshes.length % expressionEvery === 0) kept.push(crop === null ? null : keep(image, crop, size));
    meshes.push(mesh?.points ?? null);
    crops.push(crop);
  }
  clock.enter(null);
  const seen = meshes.filter((mesh) => mesh !== null).length;
  if (seen < meshes.length / 2) {
    throw new TalkfaceError("no-face", `${path}: a face was found in ${seen} of ${meshes.length} frames. Give a guide that shows one face from the front, or leave --expr out.`);
  }
  if (seen < meshes.length) warn(`${path}: the face is lost in ${meshes.length - seen} of ${meshes.length} frames; they are bridged.`);

  const smooth = smoothCrops(crops);
  const faces = await clock.during("features", () => facesIn(meshes, smooth));
  const pictures = await clock.during("features", () => expressionCrops(kept, smooth, size));
  const expressions = await model.expression(pictures.map((image, i) => ({ image, shape: ownShape(faces[i * expressionEvery]!) })));
  return guideMotion(faces, expressions);
}

function keep(image: Image, crop: Affine, size: number): Kept {
  const side = Math.round(size * margin);
  const offset = (side - size) / 2;
  const toSource = composeAffine(crop, [1, 0, -offset, 0, 1, -offset]);
  return { image: warpImage(image, toSource, side, side, "edge"), toSource };
}

/** Faces in their smoothed crops; a frame without one takes the nearest. */
function facesIn(meshes: readonly (Float32Array | null)[], crops: readonly Affine[]): FaceFrame[] {
  const faces = meshes.map((mesh, t) => (mesh === null ? null : faceFrame(pointsIntoCrop(mesh, 3, crops[t] as Affine))));
  return nearestFilled(faces);
}

/** One picture for every `expressionEvery`-th frame, as the smoothed crop shows it. */
function expressionCrops(kept: readonly (Kept | null)[], crops: readonly Affine[], size: number): Image[] {
  const pictures = kept.map((one, i) => {
    if (one === null) return null;
    return warpImage(one.image, composeAffine(invertAffine(one.toSource), crops[i * expressionEvery] as Affine), size, size, "edge");
  });
  return nearestFilled(pictures);
}

/** Gaps are filled with the nearest value, the earlier one of two. At least one must be there. */
export function nearestFilled<T>(values: readonly (T | null)[]): T[] {
  const known = values.flatMap((value, i) => (value === null ? [] : [i]));
  return values.map((value, i) => {
    if (value !== null) return value;
    const nearest = known.reduce((best, j) => (Math.abs(j - i) < Math.abs(best - i) ? j : best));
    return values[nearest] as T;
  });
}
