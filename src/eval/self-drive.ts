/** A deployed model driven by a clip of prepared data: the clip's pictures as views, its head and upper face as guide, and some speech. */
import { TalkfaceError } from "../base/errors.js";
import type { ClipEntry, Dataset } from "../data/dataset.js";
import { type FaceFrame, faceFrame } from "../features/face-frame.js";
import { columnsPerFrame, levelOf, melWindow } from "../features/speech.js";
import type { Image } from "../media/image.js";
import { logMel } from "../media/spectrogram.js";
import { expressionEvery, guideMotion } from "../synth/guide-motion.js";
import type { ModelThread } from "../synth/model-thread.js";
import { defaultArticulation, type Drive, type FaceView } from "../synth/talking-model.js";

const viewCount = 4;
const samplesPerFrame = 640;
const meshLength = 478 * 3;

export const selfDriveProtocol =
  `self-driven: ${viewCount} identity pictures from the clip, its first frame and spread ones, which count for movement and not for likeness; head and upper face of the clip; frames as drawn, before encoding`;

/** Places of the identity pictures in a clip of `frames` frames. */
export function viewPlaces(frames: number): number[] {
  return [...new Set(Array.from({ length: viewCount }, (_, i) => Math.floor((i * frames) / viewCount)))];
}

/** Draws a clip's frames one after another: as many as the clip has. `speech` [S] at 16 kHz is cut, or played again, to its length. */
export async function* selfDriven(model: ModelThread, dataset: Dataset, clip: ClipEntry, speech: Float32Array): AsyncGenerator<Image> {
  if (model.contract.size !== dataset.contract.size) {
    throw new TalkfaceError("bad-data", `${clip.dataset}: crops of ${dataset.contract.size} px, expected ${model.contract.size} px as the model. Prepare the data with --size ${model.contract.size}.`);
  }
  const { data } = await dataset.readArray(clip, "mesh");
  const face = (t: number): FaceFrame => faceFrame(data.subarray(t * meshLength, (t + 1) * meshLength) as Float32Array);
  const views: FaceView[] = [];
  for (const t of viewPlaces(clip.frames)) views.push({ image: await dataset.readFrame(clip, t), face: face(t) });
  const identity = await model.identity(views);
  const guide = guideMotion(Array.from({ length: clip.frames }, (_, t) => face(t)), await expressionCodes(model, dataset, clip));
  let drives: Drive[] = [];
  let t = 0;
  for await (const code of speechCodes(model, fitLength(speech, clip.frames * samplesPerFrame), clip.frames)) {
    // The head is where it is in the clip: views and guide share one crop, so that nothing has to be carried over.
    drives.push({ speech: code, expression: guide.expression(t), pose: guide.pose(t), upperFace: guide.upperFace(t), articulation: defaultArticulation });
    t++;
    if (drives.length < model.frameBatch && t < clip.frames) continue;
    for (const { image } of await model.frames(identity, drives)) yield image;
    drives = [];
  }
}

/** Codes of every `expressionEvery`-th frame, a few pictures in memory at a time. */
async function expressionCodes(model: ModelThread, dataset: Dataset, clip: ClipEntry): Promise<Float32Array[]> {
  const atOnce = 16;
  const codes: Float32Array[] = [];
  let pictures: Image[] = [];
  for (let t = 0; t < clip.frames; t += expressionEvery) {
    pictures.push(await dataset.readFrame(clip, t));
    if (pictures.length < atOnce && t + expressionEvery < clip.frames) continue;
    codes.push(...(await model.expression(pictures)));
    pictures = [];
  }
  return codes;
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

/** Speech cut, or played again and again, to `samples` samples. */
function fitLength(speech: Float32Array, samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => speech[i % speech.length]!);
}
