/** The motion that a guide lends: head pose and upper face relative to the guide's own rest, and a slow expression code. */
import { type FaceFrame, faceAtRest } from "../features/face-frame.js";
import { upperFaceMotion } from "../features/position.js";
import { carryPose, meanPose, type Reach, type RigidPose } from "../features/rigid-pose.js";

/** Every how many guide frames an expression is coded, and over how many frames on either side codes are averaged. */
export const expressionEvery = 5;
export const expressionReach = 12;

/** Motion of a face alone: further, warping shows what the identity picture does not hold. Shift as a share of the crop's side. */
export const freeReach: Reach = { turn: 0.4, shift: 0.25 };

/** Motion of a face that is put back into its picture: hair, ears and neck stay behind there. */
export const pastedReach: Reach = { turn: 0.1, shift: 0.015 };

export interface GuideMotion {
  readonly length: number;
  /** The guide's mean pose. */
  readonly rest: RigidPose;
  pose(t: number): RigidPose;
  upperFace(t: number): Float32Array;
  expression(t: number): Float32Array;
}

/** From the guide's faces in its aligned crops and expression codes of every `expressionEvery`-th frame. */
export function guideMotion(faces: readonly FaceFrame[], codes: readonly Float32Array[]): GuideMotion {
  const shape = faceAtRest(faces);
  const rest = meanPose(faces.map((face) => face.pose));
  const motion = faces.map((face) => upperFaceMotion(face, shape));
  const slow = faces.map((_, t) => averageNear(codes, t));
  return {
    length: faces.length,
    rest,
    pose: (t) => (faces[t] as FaceFrame).pose,
    upperFace: (t) => motion[t] as Float32Array,
    expression: (t) => slow[t] as Float32Array,
  };
}

/** The target's pose in frame t of a crop of `size` pixels: it moves from its own pose as the guide moves from its rest. */
export function lentPose(own: RigidPose, guide: GuideMotion, t: number, { turn, shift }: Reach, size: number): RigidPose {
  return carryPose(own, guide.rest, guide.pose(t), { turn, shift: shift * size });
}

/** A guide that is shorter than the speech is played forth and back. */
export function backAndForth(t: number, length: number): number {
  if (length <= 1) return 0;
  const period = 2 * (length - 1);
  const at = t % period;
  return at < length ? at : period - at;
}

function averageNear(codes: readonly Float32Array[], t: number): Float32Array {
  const near = codes.filter((_, i) => Math.abs(i * expressionEvery - t) <= expressionReach);
  const used = near.length > 0 ? near : codes;
  const out = new Float32Array((used[0] as Float32Array).length);
  for (const code of used) for (let i = 0; i < out.length; i++) out[i]! += code[i]! / used.length;
  return out;
}
