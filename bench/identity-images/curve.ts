/** One clip with more and more identity pictures. */
import type { FaceAnalyzer } from "../../src/face/analyzer.js";
import type { IdentityNet } from "../../src/face/identity.js";
import { type QualityClip, samplesPerFrame } from "../quality/clips.js";
import type { FaceCrop, SelfDrive } from "../quality/drive.js";
import { scoreMouth, scorePictures, seeFrames } from "../quality/score.js";

export const pictureCounts = [1, 2, 4, 8] as const;
export type PictureCount = (typeof pictureCounts)[number];

/** Frames that are driven and scored; more would cost time and hardly move a mean over people. */
const mostFrames = 75;
/** Eighths of the first half in the order in which they are taken: each set holds the smaller ones, and each is spread. */
const order = [0, 4, 2, 6, 1, 5, 3, 7] as const;

export const identityImagesProtocol =
  `K identity pictures from the first half of a clip (its first frame, then those that halve the gaps, so that more pictures hold the fewer), given to the model as synth gives it pictures: the leading one and those that differ most, as many as it takes; driven: the second half, at most ${mostFrames} frames, by its own speech, head and upper face; no frame is given that is scored`;

export interface CountScores {
  readonly psnr: number;
  readonly ssim: number;
  /** Cosine of identity vectors of made and real frames; null where no face was found. */
  readonly id: number | null;
  readonly lips: number;
}

export type Curve = Readonly<Record<PictureCount, CountScores>>;

/** Frames of the identity pictures in a clip of `frames` frames, the first K of them for K pictures. */
export function picturePlaces(frames: number): number[] {
  const half = frames >> 1;
  return order.map((eighth) => Math.floor((eighth * half) / order.length));
}

/** Drives the second half of a clip with each number of pictures. `choose` picks those that the model is shown. */
export async function measureCurve(
  clip: QualityClip,
  drive: SelfDrive,
  choose: (pictures: readonly FaceCrop[]) => readonly FaceCrop[],
  judges: { readonly analyzer: FaceAnalyzer; readonly identity: IdentityNet },
): Promise<Curve> {
  const { crops, speech } = await clip.read();
  const first = crops.length >> 1;
  const guide = crops.slice(first, first + mostFrames);
  const pictures = picturePlaces(crops.length).map((t) => crops[t] as FaceCrop);
  const real = await seeFrames(judges.analyzer, guide.map(({ image }) => image));
  const own = speech.subarray(first * samplesPerFrame, (first + guide.length) * samplesPerFrame);
  const none: ReadonlySet<number> = new Set();
  const scores: Partial<Record<PictureCount, CountScores>> = {};
  for (const count of pictureCounts) {
    const made = await seeFrames(judges.analyzer, await drive({ views: choose(pictures.slice(0, count)), guide, speech: own, frames: guide.length }));
    scores[count] = { ...(await scorePictures(real, made, none, judges.identity)), lips: scoreMouth(real, made, none).lips };
  }
  return scores as Curve;
}
