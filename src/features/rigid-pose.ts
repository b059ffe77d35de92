/**
 * Rigid placement of a face in a crop: image point = scale · (R c) with y turned down, plus a translation, where c is a point of the
 * face in its own axes (centimetres; x to the picture's right, y up, z towards the camera).
 */
import type { HeadPose } from "../face/pose.js";

export interface RigidPose {
  /** Row-major 3 x 3. */
  readonly rotation: readonly number[];
  /** Pixels per centimetre. */
  readonly scale: number;
  readonly translation: readonly [x: number, y: number];
}

export function rigidPose({ rotation, scale, translation }: HeadPose): RigidPose {
  return { rotation: Array.from(rotation), scale, translation: [translation[0], translation[1]] };
}

/** The pose of the mirrored picture of a crop of `size` pixels. */
export function mirrorPose({ rotation: r, scale, translation: [x, y] }: RigidPose, size: number): RigidPose {
  const [a, b, c, d, e, f, g, h, i] = r as [number, number, number, number, number, number, number, number, number];
  return { rotation: [a, -b, -c, -d, e, f, -g, h, i], scale, translation: [size - x, y] };
}

/** Angles in radians with R = Rz(roll) Ry(yaw) Rx(pitch). */
export function anglesOf({ rotation: r }: RigidPose): { readonly yaw: number; readonly pitch: number; readonly roll: number } {
  return {
    yaw: Math.asin(Math.max(-1, Math.min(1, -(r[6] as number)))),
    roll: Math.atan2(r[3] as number, r[0] as number),
    pitch: Math.atan2(r[7] as number, r[8] as number),
  };
}

export function rotationOf(yaw: number, pitch: number, roll: number): number[] {
  const [cy, sy, cp, sp, cr, sr] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll)];
  return [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp, sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp, -sy, cy * sp, cy * cp];
}

/** Places face points [L, 3] (centimetres) in the crop: [L, 2] pixels. */
export function placePoints(shape: Float32Array, pose: RigidPose): Float32Array {
  const r = pose.rotation as number[];
  const out = new Float32Array((shape.length / 3) * 2);
  for (let i = 0, o = 0; i < shape.length; i += 3, o += 2) {
    const [x, y, z] = [shape[i]!, shape[i + 1]!, shape[i + 2]!];
    out[o] = pose.scale * (r[0]! * x + r[1]! * y + r[2]! * z) + pose.translation[0];
    out[o + 1] = -pose.scale * (r[3]! * x + r[4]! * y + r[5]! * z) + pose.translation[1];
  }
  return out;
}

/** The inverse for points with depth [L, 3] in pixels (z away from the camera; `depth` is that of the face's origin): centimetres. */
export function unplacePoints(points: Float32Array, pose: RigidPose, depth: number): Float32Array {
  const r = pose.rotation as number[];
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const x = (points[i]! - pose.translation[0]) / pose.scale;
    const y = -(points[i + 1]! - pose.translation[1]) / pose.scale;
    const z = -(points[i + 2]! - depth) / pose.scale;
    out[i] = r[0]! * x + r[3]! * y + r[6]! * z;
    out[i + 1] = r[1]! * x + r[4]! * y + r[7]! * z;
    out[i + 2] = r[2]! * x + r[5]! * y + r[8]! * z;
  }
  return out;
}

/** The mean of several poses (angles, log scale, translation). */
export function meanPose(poses: readonly RigidPose[]): RigidPose {
  const n = poses.length;
  const angles = poses.map(anglesOf);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / n;
  return {
    rotation: rotationOf(mean(angles.map((a) => a.yaw)), mean(angles.map((a) => a.pitch)), mean(angles.map((a) => a.roll))),
    scale: Math.exp(mean(poses.map((p) => Math.log(p.scale)))),
    translation: [mean(poses.map((p) => p.translation[0])), mean(poses.map((p) => p.translation[1]))],
  };
}

/** From pose a (share 0) to pose b (share 1): angles, log scale and translation in between. */
export function poseBetween(a: RigidPose, b: RigidPose, share: number): RigidPose {
  const [from, to] = [anglesOf(a), anglesOf(b)];
  const mix = (x: number, y: number): number => x + share * (y - x);
  return {
    rotation: rotationOf(mix(from.yaw, to.yaw), mix(from.pitch, to.pitch), mix(from.roll, to.roll)),
    scale: Math.exp(mix(Math.log(a.scale), Math.log(b.scale))),
    translation: [mix(a.translation[0], b.translation[0]), mix(a.translation[1], b.translation[1])],
  };
}

/** How far an angle may go towards negative and positive values, radians (both > 0). */
export type TurnLimits = readonly [negative: number, positive: number];

/** How far a head may move from its own pose; motion comes softly to an end there. */
export interface Reach {
  readonly yaw: TurnLimits;
  readonly pitch: TurnLimits;
  readonly roll: TurnLimits;
  /** Pixels along each axis. */
  readonly shift: number;
}

/** The target's pose when it moves from `own` as the guide moved from `rest` to `now`. */
export function carryPose(own: RigidPose, rest: RigidPose, now: RigidPose, { yaw, pitch, roll, shift }: Reach): RigidPose {
  const [o, r, n] = [anglesOf(own), anglesOf(rest), anglesOf(now)];
  const ratio = own.scale / rest.scale;
  return {
    rotation: rotationOf(o.yaw + softTurn(n.yaw - r.yaw, yaw), o.pitch + softTurn(n.pitch - r.pitch, pitch), o.roll + softTurn(n.roll - r.roll, roll)),
    scale: now.scale * ratio,
    translation: [own.translation[0] + soft((now.translation[0] - rest.translation[0]) * ratio, shift), own.translation[1] + soft((now.translation[1] - rest.translation[1]) * ratio, shift)],
  };
}

/** x for small x, never beyond ±limit. */
function soft(x: number, limit: number): number {
  return limit * Math.tanh(x / limit);
}

function softTurn(x: number, [negative, positive]: TurnLimits): number {
  return soft(x, x < 0 ? negative : positive);
}
