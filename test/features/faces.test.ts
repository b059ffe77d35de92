import { describe, expect, it } from "vitest";
import { extraPoints, ibugCount, mirror, modelPointCount, upperFace } from "../../src/base/points.js";
import { canonicalMesh } from "../../src/face/canonical.js";
import { type FaceFrame, faceAtRest, faceFrame, mirrorFace, planar } from "../../src/features/face-frame.js";
import { positionVector, upperFaceMotion } from "../../src/features/position.js";
import { anglesOf, carryPose, meanPose, placePoints, type RigidPose, rotationOf, unplacePoints } from "../../src/features/rigid-pose.js";

const canonical = canonicalMesh();

/** The canonical face as a 478-point mesh in a crop of 128 pixels. */
function meshAt(yaw: number, pitch: number, roll: number): Float32Array {
  const pose: RigidPose = { rotation: rotationOf(yaw, pitch, roll), scale: 6, translation: [64, 58] };
  const flat = placePoints(canonical, pose);
  const mesh = new Float32Array(478 * 3);
  for (let i = 0; i < 468; i++) {
    const [x, y, z] = [canonical[3 * i]!, canonical[3 * i + 1]!, canonical[3 * i + 2]!];
    const r = pose.rotation as number[];
    mesh.set([flat[2 * i]!, flat[2 * i + 1]!, -6 * (r[6]! * x + r[7]! * y + r[8]! * z)], 3 * i);
  }
  for (let i = 468; i < 478; i++) mesh.set(mesh.subarray(3 * (i < 473 ? 159 : 386), 3 * (i < 473 ? 159 : 386) + 3), 3 * i);
  return mesh;
}

describe("model points", () => {
  it("mirror to themselves in two steps, and stay on their group", () => {
    mirror.forEach((m, i) => {
      expect(mirror[m]).toBe(i);
      expect(m < ibugCount).toBe(i < ibugCount);
    });
    expect(modelPointCount).toBe(ibugCount + extraPoints.length);
    expect(upperFace.every((i) => i < 48 ? i >= 17 && (i < 27 || i >= 36) : i >= ibugCount)).toBe(true);
  });
});

describe("rigid pose", () => {
  it("takes angles to a rotation and back", () => {
    for (const [yaw, pitch, roll] of [[0.3, -0.2, 0.1], [-0.5, 0.4, -0.3]] as const) {
      const back = anglesOf({ rotation: rotationOf(yaw, pitch, roll), scale: 1, translation: [0, 0] });
      expect([back.yaw, back.pitch, back.roll].map((x) => x.toFixed(6))).toEqual([yaw, pitch, roll].map((x) => x.toFixed(6)));
    }
  });

  it("undoes placing: a turned face has the same shape of its own", () => {
    const front = faceFrame(meshAt(0, 0, 0));
    const turned = faceFrame(meshAt(0.4, -0.15, 0.2));
    expect(anglesOf(turned.pose).yaw).toBeCloseTo(0.4, 3);
    const a = unplacePoints(front.points, front.pose, front.depth);
    const b = unplacePoints(turned.points, turned.pose, turned.depth);
    // the jaw is walked along the picture's outline and so moves with the turn; everything else is a vertex
    for (let i = 17 * 3; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(0.35);
    const placed = placePoints(a, front.pose);
    planar(front.points).forEach((x, i) => expect(Math.abs(x - placed[i]!)).toBeLessThan(1e-3));
  });

  it("carries the guide's motion over to the target's own pose", () => {
    const pose = (yaw: number, x: number): RigidPose => ({ rotation: rotationOf(yaw, 0, 0), scale: 5, translation: [x, 60] });
    const rest = meanPose([pose(0.1, 60), pose(0.3, 64)]);
    expect(anglesOf(rest).yaw).toBeCloseTo(0.2, 6);
    const moved = carryPose(pose(-0.1, 70), rest, pose(0.3, 64), { yaw: [10, 10], pitch: [10, 10], roll: [10, 10], shift: 1000 });
    expect(anglesOf(moved).yaw).toBeCloseTo(0, 4);
    expect(anglesOf(carryPose(pose(0, 70), rest, pose(1.4, 64), { yaw: [0.2, 0.4], pitch: [1, 1], roll: [1, 1], shift: 1 })).yaw).toBeLessThan(0.4);
    expect(anglesOf(carryPose(pose(0, 70), rest, pose(-1.4, 64), { yaw: [0.2, 0.4], pitch: [1, 1], roll: [1, 1], shift: 1 })).yaw).toBeGreaterThan(-0.2);
    expect(moved.translation[0]).toBeCloseTo(72, 3);
  });
});

describe("mirroring", () => {
  it("equals mirroring the mesh: points and pose", () => {
    const face = faceFrame(meshAt(0.3, 0.1, 0.15));
    const once = mirrorFace(face, 128);
    expect(anglesOf(once.pose).yaw).toBeCloseTo(-0.3, 2);
    expect(anglesOf(once.pose).roll).toBeCloseTo(-0.15, 2);
    const twice = mirrorFace(once, 128);
    twice.points.forEach((x, i) => expect(x).toBeCloseTo(face.points[i]!, 3));
    twice.pose.rotation.forEach((x, i) => expect(x).toBeCloseTo(face.pose.rotation[i]!, 6));
    const other = faceFrame(meshAt(-0.3, 0.1, -0.15)); // the canonical face is symmetric
    planar(other.points).forEach((x, i) => expect(Math.abs(x - planar(once.points)[i]!)).toBeLessThan(0.3));
  });
});

describe("position", () => {
  it("is told of brows and eyes and never of lips or jaw", () => {
    const face = faceFrame(meshAt(0.1, 0, 0));
    const rest = faceAtRest([face]);
    const change = (point: number): FaceFrame => ({ ...face, points: face.points.map((x, i) => (Math.floor(i / 3) === point ? x + 5 : x)) });
    const vector = (f: FaceFrame): string => positionVector(f.pose, upperFaceMotion(f, rest), 128).join();
    const base = vector(face);
    for (const point of [8, 51, 57, 62, 66]) expect(vector(change(point))).toBe(base);
    for (const point of [19, 37, 44, 68]) expect(vector(change(point))).not.toBe(base);
  });
});
