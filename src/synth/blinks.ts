/** The motion of a face without a guide: a still head that blinks. */
import { upperFace } from "../base/points.js";
import type { Random } from "../base/random.js";
import type { FaceFrame } from "../features/face-frame.js";
import type { GuideMotion } from "./guide-motion.js";
import type { Expression } from "./talking-model.js";

/** Seconds of blinks that are planned; longer speech plays them forth and back. */
const plannedSeconds = 60;
/** People blink every two to six seconds; a blink closes faster than it opens. */
const shortestGap = 2;
const longestGap = 6;
/** How far the lids are closed in the frames of a blink, at 25 frames a second. */
const blink = [0.45, 0.95, 1, 0.8, 0.5, 0.2] as const;
/** The upper lid makes most of the way. */
const upperShare = 0.9;

/** Upper and lower lid points that meet, iBUG numbers. */
const lids = [
  [37, 41],
  [38, 40],
  [43, 47],
  [44, 46],
] as const;

/** `face`: the leading view, whose lids are moved and whose pose stays; `expression`: its own. */
export function stillMotion(face: FaceFrame, expression: Expression, random: Random, fps: number): GuideMotion {
  const closed = closedLids(face);
  const open = new Float32Array(closed.length);
  const amounts = blinkAmounts(Math.round(plannedSeconds * fps), random, fps);
  return {
    length: amounts.length,
    rest: face.pose,
    pose: () => face.pose,
    upperFace: (t) => {
      const amount = amounts[t] as number;
      return amount === 0 ? open : closed.map((value) => value * amount);
    },
    expression: () => expression,
  };
}

/** How far the eyes are closed in each frame, 0 to 1. */
export function blinkAmounts(frames: number, random: Random, fps: number): Float32Array {
  const amounts = new Float32Array(frames);
  const gap = (): number => Math.round(random.uniform(shortestGap, longestGap) * fps);
  for (let start = Math.round(random.uniform(0.5, shortestGap) * fps); start + blink.length <= frames; start += gap()) amounts.set(blink, start);
  return amounts;
}

/** Displacement of the upper-face points that shuts the eyes [U, 2], centimetres of the crop's axes. */
function closedLids({ points, pose }: FaceFrame): Float32Array {
  const out = new Float32Array(2 * upperFace.length);
  const move = (point: number, towards: number, share: number): void => {
    const place = 2 * upperFace.indexOf(point);
    for (let axis = 0; axis < 2; axis++) out[place + axis] = ((points[3 * towards + axis]! - points[3 * point + axis]!) * share) / pose.scale;
  };
  for (const [upper, lower] of lids) {
    move(upper, lower, upperShare);
    move(lower, upper, 1 - upperShare);
  }
  return out;
}
