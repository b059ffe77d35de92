/** Makes a talking-face video: identity, guide and speech in, an MP4 file out. */
import { basename } from "node:path";
import { dataContract, requireSameContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { progress, warn } from "../base/log.js";
import { Random } from "../base/random.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import { ownShape } from "../features/face-frame.js";
import { frameLoudness } from "../features/speech.js";
import { type Image, resizeImage } from "../media/image.js";
import { openVideoWriter } from "../media/video-writer.js";
import { stillMotion } from "./blinks.js";
import { Explanation, type ExplanationPaths, explanationPaths } from "./explanation.js";
import { readGuide } from "./guide.js";
import { backAndForth, type GuideMotion, lentPose, pastedReach, viewReach } from "./guide-motion.js";
import { ModelThread } from "./model-thread.js";
import { Paster } from "./paste.js";
import { PreviewSheet } from "./preview.js";
import { checkRequest, previewPath, type SynthRequest } from "./request.js";
import { measureSpeech, type SpeechFacts, speechWindows } from "./speech-stream.js";
import { steadied } from "./steadied.js";
import type { Drive, Expression, FaceView, Identity, TalkingFrame } from "./talking-model.js";
import { readTarget, type Target } from "./target.js";
import { StageClock, type StageReport } from "./timings.js";

export interface SynthResult {
  readonly output: string;
  readonly preview: string | null;
  /** Picture and table of the modalities' weights, where they were asked for. */
  readonly explanation: ExplanationPaths | null;
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
  const explanation = request.explain === undefined ? null : explanationPaths(request.explain);
  const model = await ModelThread.open(request.modelFolder, request.device, (milliseconds) => clock.add("networks", milliseconds));
  try {
    requireSameContract(dataContract(model.contract.size), model.contract, request.modelFolder);
    if (explanation !== null && model.weightings.length === 0) {
      throw new TalkfaceError("usage", `--explain: the model ${request.modelFolder} has no adaptive cross-modal weighting to explain; leave the option out, or name another model with --model.`);
    }
    const speech = await measureSpeech(request.audio, model.contract, clock);
    if (speech.level.isSilent) warn(`${request.audio}: the sound is silent; the mouth will stay closed.`);
    const analyzer = await clock.during("face", createFaceAnalyzer);
    const target = await readTarget(request, model, analyzer, clock);
    const lead = target.views[0] as FaceView;
    const guide =
      request.guide !== null
        ? await readGuide(request.guide, model, analyzer, clock)
        : stillMotion(lead.face, (await model.expression([{ image: lead.image, shape: ownShape(lead.face) }]))[0] as Expression, new Random(request.seed).split("blinks"), model.contract.fps);
    const shape = await writeVideo(request, { model, clock, speech, target, guide, explanation });
    return {
      output: request.output,
      preview: request.preview ? previewPath(request.output) : null,
      frames: speech.frames,
      explanation,
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
  readonly explanation: ExplanationPaths | null;
}

interface Drawn extends TalkingFrame {
  /** Of the speech at that frame, as `frameLoudness`. */
  readonly loudness: number;
}

/** Generates and encodes all frames. */
async function writeVideo(request: SynthRequest, parts: Parts): Promise<{ width: number; height: number }> {
  const { model, clock, speech, target, guide, explanation } = parts;
  const { size, fps } = model.contract;
  const side = request.size ?? size;
  const { width, height } = target.paste === null ? { width: side, height: side } : target.paste.picture;
  const paster = target.paste === null ? null : new Paster(target.paste);
  const finish = ({ image, points }: TalkingFrame): Promise<Image> | Image => (paster === null ? resizeImage(image, side, side) : paster.paste(image, points));
  const sheet = request.preview ? new PreviewSheet(speech.frames) : null;
  const weights = explanation === null ? null : new Explanation({ weightings: model.weightings, frames: speech.frames, fps, name: basename(request.output) });
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
    for await (const frame of steadied(talkingFrames(request, identity, guide, parts))) {
      const image = await clock.during("paste", () => finish(frame));
      await sheet?.add(made, image);
      weights?.add(frame.loudness, frame.weights);
      await clock.during("encode", () => writer.write(image));
      shown.update(++made);
    }
    shown.finish();
    await clock.during("encode", () => writer.finish());
    await sheet?.write(previewPath(request.output));
    if (explanation !== null) await weights?.write(explanation);
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
async function* talkingFrames({ audio, articulation, intensity, frame }: SynthRequest, identity: Identity, guide: GuideMotion, { model, clock, speech, target }: Parts): AsyncGenerator<Drawn> {
  const options = { contract: model.contract, reference: speech.level.reference, total: speech.frames, frames: model.speechFrames, context: model.speechContext };
  const reach = frame === "full" ? pastedReach : viewReach(target.views.map(({ face }) => face.pose));
  const { bands } = model.contract.mel;
  let drives: Drive[] = [];
  let loudness: number[] = [];
  let drawn: Promise<Drawn[]> | null = null;
  for await (const { start, mel } of speechWindows(audio, options, clock)) {
    const codes = await model.speech(mel);
    const last = Math.min(speech.frames, start + model.speechFrames);
    for (let t = start; t < last; t++) {
      const g = backAndForth(t, guide.length);
      drives.push({ speech: codes[t - start] as Float32Array, expression: guide.expression(g), pose: lentPose(identity.pose, guide, g, reach, model.contract.size), upperFace: guide.upperFace(g), articulation, intensity });
      loudness.push(frameLoudness(mel, { bands, t: t - start, context: model.speechContext }));
      if (drives.length < model.frameBatch && t + 1 < speech.frames) continue;
      const levels = loudness;
      const next = model.frames(identity, drives).then((frames) => frames.map((one, i) => ({ ...one, loudness: levels[i] as number })));
      next.catch(() => undefined); // a caller that stops early leaves it unheard
      [drives, loudness] = [[], []];
      if (drawn !== null) yield* await drawn;
      drawn = next;
    }
  }
  if (drawn !== null) yield* await drawn;
}
