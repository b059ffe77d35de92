/** One clip through all variants. */
import { fitLength, viewPlaces } from "../../src/eval/driving.js";
import type { FaceAnalyzer } from "../../src/face/analyzer.js";
import type { ExpressionNet } from "../../src/face/expression.js";
import type { IdentityNet } from "../../src/face/identity.js";
import type { Image } from "../../src/media/image.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import { foreignClips, type QualityClip } from "./clips.js";
import { scoreCross, type CrossScores } from "./cross.js";
import { stillDrive, type FaceCrop, type SelfDrive } from "./drive.js";
import { scoreMouth, scorePictures, scoreSpeaker, seeFrames, type MouthScores, type PictureScores, type SeenFrames } from "./score.js";
import { scoreTexture, type TextureScores } from "./texture.js";

export const viewProtocol = "self-driven: 4 identity pictures from the clip, the first frame and three spread ones; the still picture is the first; those frames do not count for PSNR, SSIM, landmark distance and identity";
export const foreignProtocol = "foreign speech: 3 clips of other val people, from their start, cut or looped; the mean of the three per clip";

const foreignCount = 3;

export interface ClipResult {
  readonly id: string;
  readonly person: string;
  readonly frames: number;
  /** Share of the real frames in which the face was found. */
  readonly found: number;
  readonly model: FullScores;
  readonly still: FullScores;
  /** Mean over the foreign speeches, and each with the clip that it came from. */
  readonly foreign: ForeignScores;
  readonly foreigns: readonly (ForeignScores & { readonly speechOf: string })[];
  /** Another person's pictures moved by this clip. */
  readonly cross: CrossScores;
}

export type FullScores = MouthScores & PictureScores & TextureScores;

/** `lips` is against the guide; `speaker` is Pearson of the made lip opening with that of the foreign speech's own speaker. */
export type ForeignScores = MouthScores & { readonly speaker: number | null };

/** Frames for a sheet: real, made with the clip's speech, made with a foreign one. */
export interface ClipFrames {
  readonly real: readonly Image[];
  readonly model: readonly Image[];
  readonly foreign: readonly Image[];
}

export interface Judges {
  readonly analyzer: FaceAnalyzer;
  readonly identity: IdentityNet;
  readonly expression: ExpressionNet;
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
  const target = (await (others[0] as QualityClip).read()).crops;
  const targetPlaces = viewPlaces(target.length);
  const targetViews = targetPlaces.map((t) => target[t] as FaceCrop);
  for (const pending of [own, ...withOthers]) pending.catch(() => undefined); // an earlier failure leaves the later ones unheard
  const real = await seeFrames(judges.analyzer, crops.map(({ image }) => image));

  const model = await own;
  const modelScores = await scoreFrames(real, model, shown, judges);
  const still = await scoreFrames(real, await stillDrive({ ...input, speech }), shown, judges);
  const foreigns: (ForeignScores & { speechOf: string })[] = [];
  let foreignFrames: readonly Image[] = [];
  for (const [i, other] of others.entries()) {
    const images = (await withOthers[i]) as readonly Image[];
    const made = await seeFrames(judges.analyzer, images);
    foreigns.push({ speechOf: other.id, ...scoreMouth(real, made, shown), speaker: scoreSpeaker(await other.readMeshes(), made) });
    foreignFrames = images;
  }
  // Not before the others are drawn: the model's thread holds one identity at a time.
  const crossed = await drive({ ...input, views: targetViews, speech, lent: true });
  const cross = await scoreCross({
    targetOf: (others[0] as QualityClip).id, views: targetViews, target: target.filter((_, t) => !targetPlaces.includes(t)), third: others[1] === undefined ? [] : (await others[1].read()).crops, real, made: await seeFrames(judges.analyzer, crossed),
  }, judges);
  const found = real.meshes.filter((mesh) => mesh !== null).length / real.meshes.length;
  return {
    result: { id: clip.id, person: clip.person, frames: crops.length, found, model: modelScores, still, foreign: averageForeigns(foreigns), foreigns, cross },
    frames: { real: real.images, model, foreign: foreignFrames },
  };
}

/** Made frames against the real ones of the same instants. */
export async function scoreFrames(real: SeenFrames, images: readonly Image[], shown: ReadonlySet<number>, { analyzer, identity }: Judges): Promise<FullScores> {
  const made = await seeFrames(analyzer, images);
  return { ...scoreMouth(real, made, shown), ...(await scorePictures(real, made, shown, identity)), ...scoreTexture(real, made, shown) };
}

function averageForeigns(scores: readonly ForeignScores[]): ForeignScores {
  const known = (pick: (score: ForeignScores) => number | null): number | null => {
    const values = scores.map(pick).filter((value) => value !== null);
    return values.length === 0 ? null : meanOf(values);
  };
  return {
    lips: meanOf(scores.map(({ lips }) => lips)),
    chin: meanOf(scores.map(({ chin }) => chin)),
    eyes: meanOf(scores.map(({ eyes }) => eyes)),
    brows: meanOf(scores.map(({ brows }) => brows)),
    speaker: known(({ speaker }) => speaker),
    mouth: known(({ mouth }) => mouth),
    mouthShare: known(({ mouthShare }) => mouthShare),
    found: meanOf(scores.map(({ found }) => found)),
  };
}
