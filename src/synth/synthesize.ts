/** Makes a talking-face video: identity, guide and speech in, an MP4 file out. */
import { dataContract, requireSameContract } from "../base/contract.js";
import { progress, warn } from "../base/log.js";
import { Random } from "../base/random.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { type Image, resizeImage } from "../media/image.js";
import { openVideoWriter } from "../media/video-writer.js";
import { stillMotion } from "./blinks.js";
import { readGuide } from "./guide.js";
import { backAndForth, type GuideMotion, lentPose, pastedReach, viewReach } from "./guide-motion.js";
import { ModelThread } from "./model-thread.js";
import { Paster } from "./paste.js";
import { PreviewSheet } from "./preview.js";
import { checkRequest, previewPath, type SynthRequest } from "./request.js";
import { measureSpeech, type SpeechFacts, speechWindows } from "./speech-stream.js";
import type { Drive, FaceView, Identity, TalkingFrame } from "./talking-model.js";
import { readTarget, type Target } from "./target.js";
import { StageClock, type StageReport } from "./timings.js";

export interface SynthResult {
  readonly output: string;
  readonly preview: string | null;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  /** Identity views that the model was shown. */
  readonly views: number;
  readonly isSilent: boolean;
  readonly timings: StageReport;
}

/** Makes the video that is asked for; the file is whole or absent. Throws what `checkRequest` throws, and `no-face`, `bad-media`, `io`. */
export async function synthesize(request: SynthRequest): Promise<SynthResult> {
  const clock = new StageClock();
  await checkRequest(request);
  const model = await ModelThread.open(request.modelFolder, request.device, (milliseconds) => clock.add("networks", milliseconds));
  try {
    requireSameContract(dataContract(model.contract.size), model.contract, request.modelFolder);
    const speech = await measureSpeech(request.audio, model.contract, clock);
    if (speech.level.isSilent) warn(`${request.audio}: the sound is silent; the mouth will stay closed.`);
    const analyzer = await clock.during("face", createFaceAnalyzer);
    const target = await readTarget(request, model, analyzer, clock);
    const lead = target.views[0] as FaceView;
    const guide =
      request.guide !== null
        ? await readGuide(request.guide, model, analyzer, clock)
        : stillMotion(lead.face, (await model.expression([lead.image]))[0] as Float32Array, new Random(request.seed).split("blinks"), model.contract.fps);
    const shape = await writeVideo(request, { model, clock, speech, target, guide });
    return {
      output: request.output,
      preview: request.preview ? previewPath(request.output) : null,
      frames: speech.frames,
      ...shape,
      views: target.views.length,
      isSilent: speech.level.isSilent,
      timings: clock.report(speech.frames),
    };
  } finally {
    await model.close();
  }
}

interface Parts {
  readonly model: ModelThread;
  readonly clock: StageClock;
  readonly speech: SpeechFacts;
  readonly target: Target;
  readonly guide: GuideMotion;
}

/** Generates and encodes all frames. */
async function writeVideo(request: SynthRequest, parts: Parts): Promise<{ width: number; height: number }> {
  const { model, clock, speech, target, guide } = parts;
  const { size, fps } = model.contract;
  const side = request.size ?? size;
  const { width, height } = target.paste === null ? { width: side, height: side } : target.paste.picture;
  const paster = target.paste === null ? null : new Paster(target.paste);
  const finish = (frame: TalkingFrame): Promise<Image> | Image =>
    paster === null ? resizeImage(frame.image, side, side) : paster.paste(frame.image, frame.points);
  const sheet = request.preview ? new PreviewSheet(speech.frames) : null;
  const identity = await model.identity(target.views);
  const writer = await openVideoWriter({
    path: request.output,
    width,
    height,
    fps,
    audio: { path: request.audio },
    crf: request.crf,
    force: request.force,
    metadata: { comment: "synthetic media: this person was made to speak by talkface" },
  });
  try {
    const shown = progress("talking", speech.frames, "frames");
    let made = 0;
    for await (const frame of talkingFrames(request, identity, guide, parts)) {
      const image = await clock.during("paste", () => finish(frame));
      await sheet?.add(made, image);
      await clock.during("encode", () => writer.write(image));
      shown.update(++made);
    }
    shown.finish();
    await clock.during("encode", () => writer.finish());
    await sheet?.write(previewPath(request.output));
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return { width, height };
}

/**
 * The frames in order: speech codes window by window, drawn in the batches that the model takes. The next batch is drawn while the
 * caller works on the last one.
 */
async function* talkingFrames({ audio, articulation, frame }: SynthRequest, identity: Identity, guide: GuideMotion, { model, clock, speech, target }: Parts): AsyncGenerator<TalkingFrame> {
  const options = { contract: model.contract, reference: speech.level.reference, total: speech.frames, frames: model.speechFrames, context: model.speechContext };
  const reach = frame === "full" ? pastedReach : viewReach(target.views.map(({ face }) => face.pose));
  let drives: Drive[] = [];
  let drawn: Promise<TalkingFrame[]> | null = null;
  for await (const { start, mel } of speechWindows(audio, options, clock)) {
    const codes = await model.speech(mel);
    const last = Math.min(speech.frames, start + model.speechFrames);
    for (let t = start; t < last; t++) {
      const g = backAndForth(t, guide.length);
      drives.push({ speech: codes[t - start] as Float32Array, expression: guide.expression(g), pose: lentPose(identity.pose, guide, g, reach, model.contract.size), upperFace: guide.upperFace(g), articulation });
      if (drives.length < model.frameBatch && t + 1 < speech.frames) continue;
      const next = model.frames(identity, drives);
      next.catch(() => undefined); // a caller that stops early leaves it unheard
      drives = [];
      if (drawn !== null) yield* await drawn;
      drawn = next;
    }
  }
  if (drawn !== null) yield* await drawn;
}
