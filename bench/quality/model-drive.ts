/** A deployed model driven by a clip itself: its pictures as views, its head and upper face as guide. */
import { faceFrame } from "../../src/features/face-frame.js";
import { columnsPerFrame, levelOf, melWindow } from "../../src/features/speech.js";
import type { Image } from "../../src/media/image.js";
import { logMel } from "../../src/media/spectrogram.js";
import { expressionEvery, guideMotion, lentPose, viewReach, type GuideMotion } from "../../src/synth/guide-motion.js";
import { ModelThread } from "../../src/synth/model-thread.js";
import { defaultArticulation, type Drive, type Identity } from "../../src/synth/talking-model.js";
import type { DriveInput, FaceCrop, SelfDrive } from "./drive.js";

export interface ModelDrive {
  readonly drive: SelfDrive;
  readonly size: number;
  close(): Promise<void>;
}

export async function openModelDrive(folder: string): Promise<ModelDrive> {
  // In a thread of its own it draws the next frames while the last ones are looked at.
  const model = await ModelThread.open(folder, "cpu", () => undefined);
  // A clip is driven by several speeches: what does not hang on the speech is made once.
  const prepared = new WeakMap<readonly FaceCrop[], Promise<Prepared>>();
  return {
    size: model.contract.size,
    close: () => model.close(),
    async drive(input) {
      let parts = prepared.get(input.views);
      if (parts === undefined) {
        parts = prepare(model, input);
        prepared.set(input.views, parts);
      }
      return drawFrames(model, await parts, input);
    },
  };
}

interface Prepared {
  readonly identity: Identity;
  readonly guide: GuideMotion;
  /** Of the head in frame t. */
  readonly pose: GuideMotion["pose"];
}

async function prepare(model: ModelThread, { views, guide, lent = false }: DriveInput): Promise<Prepared> {
  const identity = await model.identity(views.map(({ image, mesh }) => ({ image, face: faceFrame(mesh) })));
  const codes = await model.expression(guide.filter((_, t) => t % expressionEvery === 0).map(({ image }) => image));
  const motion = guideMotion(guide.map(({ mesh }) => faceFrame(mesh)), codes);
  const reach = viewReach(views.map(({ mesh }) => faceFrame(mesh).pose));
  // Views and guide of one clip share their crop: the head is where it is there, and nothing has to be carried over.
  return { identity, guide: motion, pose: lent ? (t) => lentPose(identity.pose, motion, t, reach, model.contract.size) : motion.pose };
}

async function drawFrames(model: ModelThread, { identity, guide, pose }: Prepared, { speech, frames }: DriveInput): Promise<Image[]> {
  const codes = await speechCodes(model, speech, frames);
  const images: Image[] = [];
  for (let start = 0; start < frames; start += model.frameBatch) {
    const drives = Array.from({ length: Math.min(model.frameBatch, frames - start) }, (_, i): Drive => {
      const t = start + i;
      return { speech: codes[t] as Float32Array, expression: guide.expression(t), pose: pose(t), upperFace: guide.upperFace(t), articulation: defaultArticulation };
    });
    for (const { image } of await model.frames(identity, drives)) images.push(image);
  }
  return images;
}

async function speechCodes(model: ModelThread, speech: Float32Array, frames: number): Promise<Float32Array[]> {
  const { mel: settings, sampleRateHz } = model.contract;
  const columns = logMel(speech, settings, sampleRateHz);
  const { reference } = levelOf(columns, settings.bands);
  const [window, context] = [model.speechFrames, model.speechContext];
  const codes: Float32Array[] = [];
  for (let start = 0; start < frames; start += window) {
    const mel = new Float32Array(settings.bands * columnsPerFrame * (window + 2 * context));
    melWindow(columns, { settings, reference, start, frames: window, context }, mel);
    codes.push(...(await model.speech(mel)));
  }
  return codes;
}
