/** Head pose, upper face and blinks on meshes whose movement is known. */
import { describe, expect, it } from "vitest";
import { neutralState, type FaceState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { countBlinks } from "../../src/metrics/blinks.js";
import { pearson } from "../../src/metrics/correlation.js";
import { inEyeSpans } from "../../src/metrics/face-axes.js";
import { poseError } from "../../src/metrics/head-pose.js";
import { type Measured, measureBrows, measureEyes } from "../../src/metrics/upper-face.js";
import { stablePoints } from "../../src/face/pose.js";

const persona = createPersona(5);
function mesh(state: Partial<FaceState>): Float32Array {
  const points = new Float32Array(478 * 3);
  points.set(renderPersona(persona, { ...neutralState, ...state }, 64).mesh);
  return points;
}

/** The canonical face's stable points, and others in its axes, turned by Rz(roll) Ry(yaw) Rx(pitch), in picture axes; what is not named is zero. */
function turnedMesh(yaw: number, pitch: number, roll: number, scale = 20, others: readonly (readonly [vertex: number, place: readonly [number, number, number]])[] = []): Float32Array {
  const points = new Float32Array(478 * 3);
  for (const [vertex, [x, y, z]] of [...stablePoints, ...others]) {
    const [y1, z1] = [y * Math.cos(pitch) - z * Math.sin(pitch), y * Math.sin(pitch) + z * Math.cos(pitch)];
    const [x2, z2] = [x * Math.cos(yaw) + z1 * Math.sin(yaw), -x * Math.sin(yaw) + z1 * Math.cos(yaw)];
    const [x3, y3] = [x2 * Math.cos(roll) - y1 * Math.sin(roll), x2 * Math.sin(roll) + y1 * Math.cos(roll)];
    points.set([200 + scale * x3, 150 - scale * y3, -scale * z2], 3 * vertex);
  }
  return points;
}
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

describe("pose error", () => {
  it("is the difference of the angles in degrees, whatever size and place", () => {
    const a = turnedMesh(radians(10), radians(-5), radians(30));
    const b = turnedMesh(radians(-8), radians(2), radians(27), 7);
    const { yaw, pitch, roll } = poseError(a, b);
    expect([yaw, pitch, roll].map((value) => Number(value.toFixed(3)))).toEqual([18, 7, 3]);
    expect(poseError(a, a)).toEqual({ yaw: 0, pitch: 0, roll: 0 });
  });

  it("goes the shorter way round", () => {
    expect(poseError(turnedMesh(0, 0, radians(175)), turnedMesh(0, 0, radians(-175))).roll).toBeCloseTo(10, 3);
  });
});

describe("upper face", () => {
  const turns = [{}, { yaw: 0.3 }, { yaw: -0.3 }, { pitch: 0.2 }, { pitch: -0.2 }, { roll: 0.3 }, { yaw: 0.2, pitch: 0.15, roll: -0.2, shift: [1, -1, 2] }] as const;
  const amounts = [0, 0.5, 1, 0.25, 0.75, 0.1, 0.9];
  const series = (measure: (mesh: Float32Array) => Measured, state: (amount: number) => Partial<FaceState>): Float32Array => {
    const frames = amounts.map((amount, t) => measure(mesh({ ...state(amount), ...turns[t] })));
    return inEyeSpans(frames.map(({ length }) => length), frames.map(({ eyes }) => eyes));
  };
  const range = (values: Float32Array): number => Math.max(...values) - Math.min(...values);

  it("measures heights in the face's own axes, whichever way it is turned", () => {
    // Upper lids (37, 38, 43, 44) and below each its lower one (41, 40, 47, 46), then the brows, in canonical centimetres.
    const lids = [[160, 144, 0.4], [158, 153, 0.8], [385, 380, 1.2], [387, 373, 1.6]] as const;
    const brows = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300];
    const others = [
      ...lids.flatMap(([upper, lower, height], i) => [[upper, [i - 2, 2.6 + height / 2, 4]], [lower, [i - 2, 2.6 - height / 2, 4]]] as const),
      ...brows.map((vertex, i) => [vertex, [i - 5, 4 + 0.2 * i, 4.5]] as const),
    ];
    for (const face of [turnedMesh(0, 0, 0, 20, others), turnedMesh(0.5, -0.3, 0.4, 7, others)]) {
      expect(measureEyes(face).length).toBeCloseTo(1, 4);
      expect(measureBrows(face).length).toBeCloseTo(4.9 - (2.664 + 2.585) / 2, 4);
      expect(measureEyes(face).eyes).toBeCloseTo(2 * 4.446, 4);
    }
  });

  it("follows lids and brows, each its own, and not the head", () => {
    const [blinking, raising] = [series(measureEyes, (blink) => ({ blink })), series(measureBrows, (browRaise) => ({ browRaise }))];
    expect(pearson(blinking, amounts)).toBeLessThan(-0.95);
    expect(pearson(raising, amounts)).toBeGreaterThan(0.95);
    expect(range(series(measureEyes, () => ({})))).toBeLessThan(0.25 * range(blinking));
    expect(range(series(measureBrows, () => ({})))).toBeLessThan(0.5 * range(raising));
    expect(range(series(measureEyes, (mouthOpen) => ({ mouthOpen })))).toBeLessThan(0.25 * range(blinking));
  });
});

describe("blinks", () => {
  const open = (count: number): number[] => Array.from({ length: count }, (_, t) => 0.3 + 0.01 * (t % 3));
  const shut = (count: number): number[] => Array.from({ length: count }, () => 0.1);

  it("counts runs of closed eyes, not flutters of one frame, nor eyes that stay shut", () => {
    expect(countBlinks([...open(20), ...shut(4), ...open(20), ...shut(2), ...open(5)])).toBe(2);
    expect(countBlinks([...open(20), ...shut(1), ...open(20)])).toBe(0);
    expect(countBlinks([...open(60), ...shut(26), ...open(20)])).toBe(0);
    expect(countBlinks(open(50))).toBe(0);
    expect(countBlinks([])).toBe(0);
  });

  it("joins what a lost frame or one half-open frame parts, and passes over frames without a face", () => {
    expect(countBlinks([...open(20), ...shut(2), 0.25, ...shut(2), ...open(20)])).toBe(1);
    expect(countBlinks([...open(20), ...shut(2), NaN, NaN, ...shut(2), ...open(20)])).toBe(1);
    expect(countBlinks([...open(20), ...shut(2), ...open(2), ...shut(2), ...open(20)])).toBe(2);
  });

  it("takes eyes as open as they are at rest", () => {
    const narrow = [...open(20), ...shut(4), ...open(20)].map((ratio) => ratio / 2);
    expect(countBlinks(narrow)).toBe(1);
  });
});
