/** One clip through all variants. */
import type { FaceAnalyzer } from "../../src/face/analyzer.js";
import type { IdentityNet } from "../../src/face/identity.js";
import type { Image } from "../../src/media/image.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import { fitLength, foreignClips, type QualityClip } from "./clips.js";
import { stillDrive, type FaceCrop, type SelfDrive } from "./drive.js";
import { scoreMouth, scorePictures, seeFrames, type MouthScores, type PictureScores } from "./score.js";

export const viewProtocol = "self-driven: 4 identity pictures from the clip, the first frame and three spread ones; the still picture is the first; those frames do not count for PSNR, SSIM, landmark distance and identity";
export const foreignProtocol = "foreign speech: 3 clips of other val people, from their start, cut or looped; the mean of the three per clip";

const viewCount = 4;
const foreignCount = 3;

export interface ClipResult {
  readonly id: string;
  readonly person: string;
  readonly frames: number;
  /** Share of the real frames in which the face was found. */
  readonly found: number;
  readonly model: MouthScores & PictureScores;
  readonly still: MouthScores & PictureScores;
  /** Mean over the foreign speeches, and each with the clip that it came from. */
  readonly foreign: MouthScores;
  readonly foreigns: readonly (MouthScores & { readonly speechOf: string })[];
}

/** Frames for a sheet: real, made with the clip's speech, made with a foreign one. */
export interface ClipFrames {
  readonly real: readonly Image[];
  readonly model: readonly Image[];
  readonly foreign: readonly Image[];
}

export interface Judges {
  readonly analyzer: FaceAnalyzer;
  readonly identity: IdentityNet;
}

/** Places of the identity pictures in a clip of `frames` frames. */
export function viewPlaces(frames: number): number[] {
  return [...new Set(Array.from({ length: viewCount }, (_, i) => Math.floor((i * frames) / viewCount)))];
}

/** Drives a clip with its own speech, with foreign ones (from `all`) and not at all, and scores the results. */
export async function measureClip(clip: QualityClip, all: readonly QualityClip[], drive: SelfDrive, judges: Judges): Promise<{ result: ClipResult; frames: ClipFrames }> {
  const { crops, speech } = await clip.read();
  const places = viewPlaces(crops.length);
  const shown: ReadonlySet<number> = new Set(places);
  const input = { views: places.map((t) => crops[t] as FaceCrop), guide: crops, frames: crops.length };
  const others = foreignClips(clip, all, foreignCount);
  // Asked for at once: the model draws in its thread while this one looks at what is there already.
  const own = drive({ ...input, speech });
  const withOthers = others.map(async (other) => drive({ ...input, speech: fitLength(await other.readSpeech(), speech.length) }));
  for (const pending of [own, ...withOthers]) pending.catch(() => undefined); // an earlier failure leaves the later ones unheard
  const real = await seeFrames(judges.analyzer, crops.map(({ image }) => image));

  const full = async (images: readonly Image[]): Promise<{ images: readonly Image[]; scores: MouthScores & PictureScores }> => {
    const made = await seeFrames(judges.analyzer, images);
    return { images, scores: { ...scoreMouth(real, made, shown), ...(await scorePictures(real, made, shown, judges.identity)) } };
  };
  const model = await full(await own);
  const still = await full(await stillDrive({ ...input, speech }));
  const foreigns: (MouthScores & { speechOf: string })[] = [];
  let foreignFrames: readonly Image[] = [];
  for (const [i, other] of others.entries()) {
    const images = (await withOthers[i]) as readonly Image[];
    foreigns.push({ speechOf: other.id, ...scoreMouth(real, await seeFrames(judges.analyzer, images), shown) });
    foreignFrames = images;
  }
  const found = real.meshes.filter((mesh) => mesh !== null).length / real.meshes.length;
  return {
    result: { id: clip.id, person: clip.person, frames: crops.length, found, model: model.scores, still: still.scores, foreign: averageMouths(foreigns), foreigns },
    frames: { real: real.images, model: model.images, foreign: foreignFrames },
  };
}

function averageMouths(scores: readonly MouthScores[]): MouthScores {
  const known = (pick: (score: MouthScores) => number | null): number | null => {
    const values = scores.map(pick).filter((value) => value !== null);
    return values.length === 0 ? null : meanOf(values);
  };
  return {
    lips: meanOf(scores.map(({ lips }) => lips)),
    chin: meanOf(scores.map(({ chin }) => chin)),
    mouth: known(({ mouth }) => mouth),
    mouthShare: known(({ mouthShare }) => mouthShare),
    found: meanOf(scores.map(({ found }) => found)),
  };
}
