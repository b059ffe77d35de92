/** The motion that a guide lends: head pose and upper face relative to the guide's own rest, and a slow expression. */
import { upperFace } from "../base/points.js";
import { type FaceFrame, faceAtRest } from "../features/face-frame.js";
import { upperFaceMotion } from "../features/position.js";
import { anglesOf, carryPose, meanPose, type Reach, type RigidPose, rotationOf, type TurnLimits } from "../features/rigid-pose.js";
import { settleOverTime } from "../features/smoothing.js";
import type { Expression } from "./talking-model.js";

/** Every how many guide frames an expression is looked at, and over how many frames on either side expressions are averaged. */
export const expressionEvery = 5;
export const expressionReach = 12;

/**
 * Landmarks tremble by parts of a pixel, and all of a made picture would tremble with the head: frames on either side over which its pose is
 * smoothed where it moves and where it rests, and below which motion, in centimetres at the outline, it counts as resting.
 */
const poseSmoothing = { near: 7, far: 20, tremble: 0.3 };
/** From the middle of a head to its outline, centimetres: makes angles and scale comparable with shifts. */
const headRadius = 8;

/** The same of brows and lids, centimetres over all of their points; a blink lasts three to seven frames and moves them further. */
const upperFaceSmoothing = { near: 2, far: 7, tremble: 0.3 };

/** A picture still looks like the person when it is turned so far beyond what it shows, radians. */
const beyondViews = 0.22;
/** The head never turns further than this from the leading view. */
const farthest = 0.5;

/** Motion of a face alone: the head turns and nods as far as the views show it from there, and a little further. Shift as a share of the crop's side. */
export function viewReach(views: readonly RigidPose[]): Reach {
  const angles = views.map(anglesOf);
  const lead = angles[0] as ReturnType<typeof anglesOf>;
  const limits = (axis: "yaw" | "pitch"): TurnLimits => {
    const shown = angles.map((one) => one[axis] - lead[axis]);
    return [Math.min(farthest, beyondViews - Math.min(...shown)), Math.min(farthest, beyondViews + Math.max(...shown))];
  };
  return { yaw: limits("yaw"), pitch: limits("pitch"), roll: [0.4, 0.4], shift: 0.25 };
}

/** Motion of a face that is put back into its picture: hair, ears and neck stay behind there. */
export const pastedReach: Reach = { yaw: [0.1, 0.1], pitch: [0.1, 0.1], roll: [0.1, 0.1], shift: 0.015 };

export interface GuideMotion {
  readonly length: number;
  /** The guide's mean pose. */
  readonly rest: RigidPose;
  pose(t: number): RigidPose;
  upperFace(t: number): Float32Array;
  expression(t: number): Expression;
}

/** From the guide's faces in its aligned crops and the expressions of every `expressionEvery`-th frame. */
export function guideMotion(faces: readonly FaceFrame[], expressions: readonly Expression[]): GuideMotion {
  const shape = faceAtRest(faces);
  const rest = meanPose(faces.map((face) => face.pose));
  const poses = settlePoses(faces.map((face) => face.pose));
  const motion = settleOverTime(faces.map((face) => upperFaceMotion(face, shape)), upperFaceSmoothing);
  const lasting = averageOf(expressions);
  const slow = faces.map((_, t) => keepUpperFace(lasting, averageOf(near(expressions, t))));
  return {
    length: faces.length,
    rest,
    pose: (t) => poses[t] as RigidPose,
    upperFace: (t) => motion[t] as Float32Array,
    expression: (t) => slow[t] as Expression,
  };
}

function settlePoses(poses: readonly RigidPose[]): RigidPose[] {
  const { scale: unit } = meanPose(poses);
  const series = poses.map((pose) => {
    const { yaw, pitch, roll } = anglesOf(pose);
    return Float32Array.from([...[yaw, pitch, roll, Math.log(pose.scale / unit)].map((x) => x * headRadius), ...pose.translation.map((x) => x / unit)]);
  });
  return settleOverTime(series, poseSmoothing).map((settled) => {
    const [yaw, pitch, roll, scale] = Array.from(settled, (x) => x / headRadius) as [number, number, number, number];
    return { rotation: rotationOf(yaw, pitch, roll), scale: unit * Math.exp(scale), translation: [settled[4]! * unit, settled[5]! * unit] };
  });
}

/** The target's pose in frame t of a crop of `size` pixels: it moves from its own pose as the guide moves from its rest. */
export function lentPose(own: RigidPose, guide: GuideMotion, t: number, reach: Reach, size: number): RigidPose {
  return carryPose(own, guide.rest, guide.pose(t), { ...reach, shift: reach.shift * size });
}

/** A guide that is shorter than the speech is played forth and back. */
export function backAndForth(t: number, length: number): number {
  if (length <= 1) return 0;
  const period = 2 * (length - 1);
  const at = t % period;
  return at < length ? at : period - at;
}

function near(expressions: readonly Expression[], t: number): readonly Expression[] {
  const found = expressions.filter((_, i) => Math.abs(i * expressionEvery - t) <= expressionReach);
  return found.length > 0 ? found : expressions;
}

function averageOf(expressions: readonly Expression[]): Expression {
  return { code: meanVector(expressions.map(({ code }) => code)), displacement: meanVector(expressions.map(({ displacement }) => displacement)) };
}

/** Mean of vectors [N] of one length. */
export function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const out = new Float32Array((vectors[0] as Float32Array).length);
  for (const vector of vectors) for (let i = 0; i < out.length; i++) out[i]! += vector[i]! / vectors.length;
  return out;
}

/** What brows and eyes do over time, `upperFace` tells: of the expression they take only what lasts for all of the guide. */
function keepUpperFace(lasting: Expression, { code, displacement }: Expression): Expression {
  const out = displacement.slice();
  for (const point of upperFace) out.set(lasting.displacement.subarray(2 * point, 2 * point + 2), 2 * point);
  return { code, displacement: out };
}
