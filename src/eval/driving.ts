/** A deployed model moved by faces of a clip: pictures as views, head and upper face as guide, and some speech. */
import type { FaceFrame } from "../features/face-frame.js";
import { columnsPerFrame, levelOf, melWindow } from "../features/speech.js";
import type { Image } from "../media/image.js";
import { logMel } from "../media/spectrogram.js";
import { guideMotion, type GuideMotion, lentPose, viewReach } from "../synth/guide-motion.js";
import type { ModelThread } from "../synth/model-thread.js";
import { steadied } from "../synth/steadied.js";
import { defaultArticulation, defaultIntensity, type Drive, type Expression, type FaceView, type Identity, type TalkingFrame } from "../synth/talking-model.js";

export const viewCount = 4;

/** Places of the identity pictures in a clip of `frames` frames. */
export function viewPlaces(frames: number): number[] {
  return [...new Set(Array.from({ length: viewCount }, (_, i) => Math.floor((i * frames) / viewCount)))];
}

/** Speech cut, or played again and again, to `samples` samples. */
export function fitLength(speech: Float32Array, samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => speech[i % speech.length]!);
}

export interface Moves {
  /** Aligned crops; the first one leads. */
  readonly views: readonly FaceView[];
  /** Faces of the T frames of the guide, in pixels of a crop of the same size. */
  readonly guide: readonly FaceFrame[];
  /** Of every `expressionEvery`-th frame of the guide. */
  readonly expressions: readonly Expression[];
  /** The views are of another clip than the guide: its motion is carried over from its own rest. */
  readonly lent?: boolean;
}

/** What does not hang on the speech. */
export interface Moved {
  readonly identity: Identity;
  readonly guide: GuideMotion;
  /** Of the head in frame t. */
  readonly pose: GuideMotion["pose"];
}

export async function prepareMoves(model: ModelThread, { views, guide, expressions, lent = false }: Moves): Promise<Moved> {
  const identity = await model.identity(views);
  const motion = guideMotion(guide, expressions);
  const reach = viewReach(views.map(({ face }) => face.pose));
  // Views and guide of one clip share their crop: the head is where it is there, and nothing has to be carried over.
  return { identity, guide: motion, pose: lent ? (t) => lentPose(identity.pose, motion, t, reach, model.contract.size) : motion.pose };
}

/** Draws `frames` frames one after another; `speech` [S] at 16 kHz in step with the guide. */
export async function* drawMoved(model: ModelThread, moved: Moved, speech: Float32Array, frames: number): AsyncGenerator<Image> {
  for await (const { image } of steadied(draw(model, moved, speech, frames))) yield image;
}

async function* draw(model: ModelThread, { identity, guide, pose }: Moved, speech: Float32Array, frames: number): AsyncGenerator<TalkingFrame> {
  let drives: Drive[] = [];
  let t = 0;
  for await (const code of speechCodes(model, speech, frames)) {
    drives.push({ speech: code, expression: guide.expression(t), pose: pose(t), upperFace: guide.upperFace(t), articulation: defaultArticulation, intensity: defaultIntensity });
    t++;
    if (drives.length < model.frameBatch && t < frames) continue;
    yield* await model.frames(identity, drives);
    drives = [];
  }
}

async function* speechCodes(model: ModelThread, speech: Float32Array, frames: number): AsyncGenerator<Float32Array> {
  const { mel: settings, sampleRateHz } = model.contract;
  const columns = logMel(speech, settings, sampleRateHz);
  const { reference } = levelOf(columns, settings.bands);
  const [window, context] = [model.speechFrames, model.speechContext];
  for (let start = 0; start < frames; start += window) {
    const mel = new Float32Array(settings.bands * columnsPerFrame * (window + 2 * context));
    melWindow(columns, { settings, reference, start, frames: window, context }, mel);
    yield* (await model.speech(mel)).slice(0, frames - start);
  }
}
