/** Blinks counted by the eye aspect ratio (Soukupová & Čech 2016). */
import { median } from "./face-axes.js";

export const blinksProtocol =
  "blinks: eye aspect ratio (mean of both eyes) of the 68 points; a blink is a run of 2 to 25 frames below 0.7 of the clip's median, no more than 2 frames apart from the last one counting as the same; frames without a face are left out; a second; a set's figure is all blinks over all seconds";

/** Landmarkers differ in how open an eye is at rest, so the usual threshold (0.2 of about 0.3) is a share of the clip's own. */
const closedShare = 0.7;
const [shortest, longest] = [2, 25];
const sameBlink = 2;

/** Blinks in a series of eye aspect ratios, frame by frame at 25 a second; NaN where there is no face. */
export function countBlinks(ratios: readonly number[]): number {
  const seen = ratios.filter((ratio) => !Number.isNaN(ratio));
  if (seen.length === 0) return 0;
  const threshold = closedShare * median(seen);
  const runs: { first: number; last: number }[] = [];
  seen.forEach((ratio, t) => {
    if (ratio >= threshold) return;
    const run = runs.at(-1);
    if (run !== undefined && t - run.last <= sameBlink) run.last = t;
    else runs.push({ first: t, last: t });
  });
  return runs.filter(({ first, last }) => last - first + 1 >= shortest && last - first + 1 <= longest).length;
}
