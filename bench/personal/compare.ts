/** One clip driven by itself, with its own speech, by two models. */
import { viewPlaces } from "../../src/eval/driving.js";
import type { Image } from "../../src/media/image.js";
import type { QualityClip } from "../quality/clips.js";
import type { FaceCrop, SelfDrive } from "../quality/drive.js";
import { type FullScores, type Judges, scoreFrames } from "../quality/measure.js";
import { seeFrames } from "../quality/score.js";

export interface Pair<T> {
  readonly base: T;
  readonly personal: T;
}

export interface Comparison {
  readonly scores: Pair<FullScores>;
  readonly frames: Pair<readonly Image[]> & { readonly real: readonly Image[] };
}

/** As `measureClip` drives and scores a model. */
export async function compareOn(clip: QualityClip, drives: Pair<SelfDrive>, judges: Judges): Promise<Comparison> {
  const { crops, speech } = await clip.read();
  const places = viewPlaces(crops.length);
  const input = { views: places.map((t) => crops[t] as FaceCrop), guide: crops, frames: crops.length, speech };
  // Asked for at once: the models draw in their threads while this one looks at what is there already.
  const drawn = [drives.base(input), drives.personal(input)] as const;
  for (const pending of drawn) pending.catch(() => undefined); // an earlier failure leaves the later one unheard
  const real = await seeFrames(judges.analyzer, crops.map(({ image }) => image));
  const shown = new Set(places);
  const [base, personal] = [await drawn[0], await drawn[1]];
  return {
    scores: { base: await scoreFrames(real, base, shown, judges), personal: await scoreFrames(real, personal, shown, judges) },
    frames: { base, personal, real: real.images },
  };
}
