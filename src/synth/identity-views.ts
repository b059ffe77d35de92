/** Which pictures of a person a model is shown: one that leads, and others that differ from it. */
import { eyeOpening, lipOpening, to68 } from "../face/landmarks.js";
import { fitPose } from "../face/pose.js";
import type { Image } from "../media/image.js";
import type { Candidate } from "./candidates.js";

/** Beyond this share of the leader's sharpness a view shows too little. */
const leastSharpness = 0.3;
/** Angles in radians at which a head counts as clearly turned. */
const turned = 0.35;

/** An aligned crop with its mesh. */
type Seen = Pick<Candidate, "crop" | "mesh">;

/** What is compared of a view. */
interface Judged<C = Seen> {
  readonly candidate: C;
  readonly sharpness: number;
  readonly yaw: number;
  readonly pitch: number;
  readonly lips: number;
  readonly eyes: number;
}

/**
 * At most `count` of the candidates, the leader first: sharp, frontal, eyes open. Each further one is that which differs most from those
 * chosen, in the turn of the head and in what mouth and eyes do.
 */
export function chooseViews<C extends Seen>(candidates: readonly C[], count: number): C[] {
  const judged = candidates.map(judge);
  const sharpest = Math.max(...judged.map(({ sharpness }) => sharpness), 1e-9);
  const merit = ({ sharpness, yaw, pitch, eyes }: Judged<C>): number =>
    Math.sqrt(sharpness / sharpest) * Math.exp(-(yaw * yaw + 0.5 * pitch * pitch) / (turned * turned)) * Math.min(1, eyes / 0.2);
  const leader = judged.reduce((best, one) => (merit(one) > merit(best) ? one : best));
  const chosen = [leader];
  const left = new Set(judged.filter((one) => one !== leader && one.sharpness >= leastSharpness * leader.sharpness));
  while (chosen.length < count && left.size > 0) {
    const novelty = (one: Judged<C>): number => Math.min(...chosen.map((other) => distance(one, other))) * Math.min(1, one.sharpness / leader.sharpness);
    const next = [...left].reduce((best, one) => (novelty(one) > novelty(best) ? one : best));
    chosen.push(next);
    left.delete(next);
  }
  return chosen.map(({ candidate }) => candidate);
}

function judge<C extends Seen>(candidate: C): Judged<C> {
  const { yaw, pitch } = fitPose(candidate.mesh);
  const landmarks = to68(candidate.mesh);
  return { candidate, sharpness: sharpness(candidate.crop), yaw, pitch, lips: lipOpening(landmarks), eyes: eyeOpening(landmarks) };
}

function distance(a: Judged, b: Judged): number {
  return Math.hypot((a.yaw - b.yaw) / turned, (a.pitch - b.pitch) / turned, (a.lips - b.lips) / 0.15, (a.eyes - b.eyes) / 0.15);
}

/** Variance of the Laplacian of the green channel over the middle of a crop, where the face is. */
export function sharpness({ data, width, height }: Image): number {
  const at = (x: number, y: number): number => data[(y * width + x) * 3 + 1]!;
  let [sum, squares, count] = [0, 0, 0];
  for (let y = height >> 2; y < (3 * height) >> 2; y++) {
    for (let x = width >> 2; x < (3 * width) >> 2; x++) {
      const value = 4 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1);
      sum += value;
      squares += value * value;
      count++;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}
