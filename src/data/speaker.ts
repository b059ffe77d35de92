/** Which of several faces speaks: the one whose lips go with the sound, as the audio-lip expert sees and hears it. */
import { meshesOf } from "../face/mesh-parts.js";
import { faceAtRest, faceFrame } from "../features/face-frame.js";
import { mouthMotion } from "../features/mouth-motion.js";
import { levelOf } from "../features/speech.js";
import { logMel } from "../media/spectrogram.js";
import type { Part } from "./clip-cutter.js";
import { isSilent } from "./sound-track.js";
import { farthestOffset, SyncExpert, type SyncScore } from "./sync-expert.js";
import { maxOffset } from "./sync-evidence.js";

/**
 * How much more than the first face's another one's lips must agree with the sound (cosines), in two seconds and more. In 252 pairs of clips of people that the
 * expert was not trained on, the speaker was taken in 96 of 100 where the other face came first, and always where it came first itself (bench sync).
 */
const clearMargin = 0.1;
/** Shorter parts need more, for they agree by chance more easily: of 29 frames, 57 of 100 are found, and one in 252 pairs is told wrongly. */
const clearFrames = 50;
/** Agreement that a frame of offset costs: most footage is nearly in step, and the best of many offsets is somewhere by chance. */
const offsetCost = 0.01;

/** Opens the expert when it is first asked; keep one for each thread. */
export class SpeakerJudge {
  #expert: Promise<SyncExpert> | null = null;

  /**
   * The part of the face that speaks. The first one's stays where no other agrees clearly better with the sound, and in silence. `hear` gives the samples (16 kHz)
   * of frames [start, end) of the source, fewer where they end.
   */
  async choose(parts: readonly Part[], hear: (start: number, end: number) => Promise<Float32Array>): Promise<Part> {
    const start = Math.min(...parts.map(({ startFrame }) => startFrame));
    const samples = await hear(start, Math.max(...parts.map(({ startFrame, frames }) => startFrame + frames)));
    const [first, ...others] = parts as readonly [Part, ...Part[]];
    if (isSilent(samples)) return first;
    const expert = await (this.#expert ??= SyncExpert.open());
    const perFrame = expert.contract.sampleRateHz / expert.contract.fps;
    const agreement = (part: Part): Promise<number> => {
      const from = (part.startFrame - start) * perFrame;
      return lipsWithSound(expert, part, samples.subarray(from, from + part.frames * perFrame));
    };
    const ofFirst = await agreement(first);
    let speaker = first;
    let most = -Infinity;
    for (const part of others) {
      const found = await agreement(part);
      if (!(found > most && isClear(found - ofFirst, Math.min(first.frames, part.frames)))) continue;
      speaker = part;
      most = found;
    }
    return speaker;
  }
}

/** Whether so much more agreement over so many frames is none of chance. */
export function isClear(margin: number, frames: number): boolean {
  return margin > clearMargin * Math.max(1, clearFrames / frames);
}

/** `speakingScore` of a part and its sound; NaN, of which nothing is more or less, where they are too short to tell. */
async function lipsWithSound(expert: SyncExpert, { mesh }: Part, samples: Float32Array): Promise<number> {
  const faces = meshesOf(mesh).map(faceFrame);
  const rest = faceAtRest(faces);
  const { mel: settings, sampleRateHz } = expert.contract;
  const mel = logMel(samples, settings, sampleRateHz);
  const score = await expert.score(faces.map((face) => mouthMotion(face, rest)), mel, levelOf(mel, settings.bands).reference);
  return score === null ? Number.NaN : speakingScore(score);
}

/** Cosine of lips and sound at the best offset, less what the offset costs. */
export function speakingScore({ curve }: Pick<SyncScore, "curve">): number {
  let best = -1;
  for (let offset = -maxOffset; offset <= maxOffset; offset++) {
    const cosine = curve[farthestOffset + offset]!;
    if (cosine - offsetCost * Math.abs(offset) > best) best = cosine - offsetCost * Math.abs(offset);
  }
  return best;
}
