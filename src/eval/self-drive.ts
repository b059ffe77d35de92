/** A deployed model driven by a clip of prepared data: the clip's pictures as views, its head and upper face as guide, and some speech. */
import { TalkfaceError } from "../base/errors.js";
import type { ClipEntry, Dataset } from "../data/dataset.js";
import { meshesOf } from "../face/mesh-parts.js";
import { type FaceFrame, faceFrame, ownShape } from "../features/face-frame.js";
import type { Image } from "../media/image.js";
import { expressionEvery } from "../synth/guide-motion.js";
import type { ModelThread } from "../synth/model-thread.js";
import type { Expression, ExpressiveFace, FaceView } from "../synth/talking-model.js";
import { drawMoved, fitLength, prepareMoves, viewCount, viewPlaces } from "./driving.js";

const samplesPerFrame = 640;

export const selfDriveProtocol =
  `self-driven: ${viewCount} identity pictures from the clip, its first frame and spread ones, which count for movement and not for likeness; head and upper face of the clip; frames as drawn and steadied, before encoding`;

/** Draws a clip's frames one after another: as many as the clip has. `speech` [S] at 16 kHz is cut, or played again, to its length. */
export async function* selfDriven(model: ModelThread, dataset: Dataset, clip: ClipEntry, speech: Float32Array): AsyncGenerator<Image> {
  if (model.contract.size !== dataset.contract.size) {
    throw new TalkfaceError("bad-data", `${clip.dataset}: crops of ${dataset.contract.size} px, expected ${model.contract.size} px as the model. Prepare the data with --size ${model.contract.size}.`);
  }
  const { data } = await dataset.readArray(clip, "mesh");
  const guide = meshesOf(data).map(faceFrame);
  const views: FaceView[] = [];
  for (const t of viewPlaces(clip.frames)) views.push({ image: await dataset.readFrame(clip, t), face: guide[t]! });
  const moved = await prepareMoves(model, { views, guide, expressions: await expressionsOf(model, dataset, clip, guide) });
  yield* drawMoved(model, moved, fitLength(speech, clip.frames * samplesPerFrame), clip.frames);
}

/** Of every `expressionEvery`-th frame, a few pictures in memory at a time. */
async function expressionsOf(model: ModelThread, dataset: Dataset, clip: ClipEntry, guide: readonly FaceFrame[]): Promise<Expression[]> {
  const atOnce = 16;
  const found: Expression[] = [];
  let faces: ExpressiveFace[] = [];
  for (let t = 0; t < clip.frames; t += expressionEvery) {
    faces.push({ image: await dataset.readFrame(clip, t), shape: ownShape(guide[t]!) });
    if (faces.length < atOnce && t + expressionEvery < clip.frames) continue;
    found.push(...(await model.expression(faces)));
    faces = [];
  }
  return found;
}
