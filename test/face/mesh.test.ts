import { beforeAll, describe, expect, it } from "vitest";
import { ibug, mirror } from "../../src/base/points.js";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { canonicalMesh, canonicalTriangles } from "../../src/face/canonical.js";
import { eyeDistance, eyeOpening, lipOpening, to68 } from "../../src/face/landmarks.js";
import { fitPose, stablePoints } from "../../src/face/pose.js";
import { createSecondLandmarks } from "../../src/face/second-landmarks.js";
import type { Image } from "../../src/media/image.js";
import { neutralState, type FaceState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona, type Rendering } from "../../src/media/persona/render.js";
import { applyAffine, warpImage, type Affine } from "../../src/media/transform.js";

const size = 256;
const degrees = 180 / Math.PI;
const persona = createPersona(3);
const render = (state: Partial<FaceState> = {}): Rendering => renderPersona(persona, { ...neutralState, ...state }, size);

let analyzer: FaceAnalyzer;
beforeAll(async () => {
  analyzer = await createFaceAnalyzer();
});

async function points(image: Image): Promise<Float32Array> {
  const mesh = await analyzer.find(image, "largest");
  expect(mesh?.presence).toBeGreaterThan(0.9);
  return mesh!.points;
}

/** Mean distance of points [start, end) in per cent of the distance of the outer eye corners. */
function error(found: Float32Array, truth: Float32Array, [start, end]: readonly [number, number] = [0, 68]): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.hypot(found[2 * i]! - truth[2 * i]!, found[2 * i + 1]! - truth[2 * i + 1]!);
  return (100 * sum) / (end - start) / eyeDistance(truth);
}

describe("mesh of a persona", () => {
  it.each([
    ["at rest", {}],
    ["turned", { yaw: 0.3 }],
    ["nodding", { pitch: 0.2 }],
    ["tilted", { roll: 0.25 }],
    ["with the mouth open", { mouthOpen: 1 }],
    ["smiling", { smile: 1 }],
  ])("lies where it was drawn: %s", async (_, state) => {
    const { image, mesh } = render(state);
    const found = to68(await points(image));
    expect(error(found, to68(mesh))).toBeLessThan(4);
    expect(error(found, to68(mesh), ibug.innerLips)).toBeLessThan(6);
  });

  it("has 478 points, the irises between the eye corners", async () => {
    const found = await points(render().image);
    expect(found.length).toBe(478 * 3);
    for (const [iris, outer, inner] of [[468, 33, 133], [473, 263, 362]] as const) {
      const share = (found[3 * iris]! - found[3 * outer]!) / (found[3 * inner]! - found[3 * outer]!);
      expect(share).toBeGreaterThan(0.3);
      expect(share).toBeLessThan(0.7);
    }
  });

  it("opens with the mouth and shuts with the eyes", async () => {
    const [rest, open, blink] = await Promise.all([{}, { mouthOpen: 1 }, { blink: 1 }].map(async (state) => to68(await points(render(state).image))));
    expect(lipOpening(open!)).toBeGreaterThan(1.5 * lipOpening(rest!));
    expect(eyeOpening(rest!)).toBeGreaterThan(0.2);
    expect(eyeOpening(blink!)).toBeLessThan(0.12);
  });

  it("agrees with the second landmarker", async () => {
    const { image, mesh } = render();
    const second = await createSecondLandmarks();
    const found = await second.locate(image, to68(await points(image)));
    expect(found.length).toBe(68 * 2);
    expect(error(found, to68(mesh))).toBeLessThan(8);
  });
});

describe("68 points", () => {
  it("keep the mesh's depth on request, and the same places", () => {
    const { mesh } = render();
    const flat = to68(mesh);
    const deep = to68(mesh, 3);
    expect([flat.length, deep.length]).toEqual([136, 204]);
    for (let i = 0; i < 68; i++) expect([deep[3 * i], deep[3 * i + 1]]).toEqual([flat[2 * i], flat[2 * i + 1]]);
    expect(deep[3 * 30 + 2]).toBeLessThan(deep[2]!); // the nose is nearer than the ear
  });

  it("are mirror images of each other on the canonical face", () => {
    const canonical = canonicalMesh();
    const found = to68(canonical);
    for (let i = 0; i < 68; i++) {
      expect(found[2 * mirror[i]!]).toBeCloseTo(-found[2 * i]!, 2);
      expect(found[2 * mirror[i]! + 1]).toBeCloseTo(found[2 * i + 1]!, 2);
    }
    expect(canonicalTriangles().length).toBe(898 * 3);
  });
});

describe("head pose", () => {
  it("measures against the canonical mesh of the package", () => {
    const canonical = canonicalMesh();
    for (const [vertex, place] of stablePoints) place.forEach((value, axis) => expect(value).toBeCloseTo(canonical[3 * vertex + axis]!, 3));
  });

  it("is exact for a turned, scaled and moved canonical face", () => {
    const canonical = canonicalMesh();
    const [yaw, pitch, roll] = [0.5, -0.3, 0.8];
    const spin = (a: number): readonly [number, number] => [Math.cos(a), Math.sin(a)];
    const [[cy, sy], [cp, sp], [cr, sr]] = [spin(yaw), spin(pitch), spin(roll)];
    const placed = new Float32Array(canonical.length);
    for (let i = 0; i < canonical.length; i += 3) {
      const [x, y, z] = [canonical[i]!, canonical[i + 1]!, canonical[i + 2]!];
      const [y1, z1] = [cp * y - sp * z, sp * y + cp * z]; // about x, then y, then z
      const [x2, z2] = [cy * x + sy * z1, -sy * x + cy * z1];
      placed[i] = 7 * (cr * x2 - sr * y1) + 100;
      placed[i + 1] = -7 * (sr * x2 + cr * y1) + 50;
      placed[i + 2] = -7 * z2 + 3;
    }
    const pose = fitPose(placed);
    expect([pose.yaw, pose.pitch, pose.roll].map((angle, i) => Math.abs(angle - [yaw, pitch, roll][i]!) < 1e-4)).toEqual([true, true, true]);
    expect(pose.scale).toBeCloseTo(7, 3);
    expect(pose.translation[0]).toBeCloseTo(100, 2);
    expect(pose.translation[1]).toBeCloseTo(50, 2);
  });

  it("follows the rotation of a picture", async () => {
    const { image } = render();
    const rest = fitPose(await points(image)).roll;
    for (const turn of [-40, -15, 20, 40]) {
      const [c, s] = [Math.cos(turn / degrees), Math.sin(turn / degrees)];
      const half = size / 2;
      // Looking up result pixels in a source turned clockwise by `turn` shows the head turned counter-clockwise.
      const map: Affine = [c, -s, half - c * half + s * half, s, c, half - s * half - c * half];
      const turned = fitPose(await points(warpImage(image, map, size, size, "edge"))).roll;
      expect(Math.abs((turned - rest) * degrees - turn)).toBeLessThan(1.5);
    }
  });

  it("has opposite yaw in the mirrored picture", async () => {
    for (const yaw of [0, 0.35]) {
      const { image } = render({ yaw });
      const mirrored = warpImage(image, [-1, 0, size, 0, 1, 0], size, size, "edge");
      expect(applyAffine([-1, 0, size, 0, 1, 0], 0, 0)).toEqual([size, 0]);
      const [one, other] = [fitPose(await points(image)), fitPose(await points(mirrored))];
      expect(Math.abs(one.yaw + other.yaw) * degrees).toBeLessThan(2.5);
      expect(Math.abs(one.pitch - other.pitch) * degrees).toBeLessThan(2.5);
      expect(Math.abs(one.yaw - yaw) * degrees).toBeLessThan(5);
    }
  });

  it("does not see speech", async () => {
    const [rest, open] = [fitPose(await points(render().image)), fitPose(await points(render({ mouthOpen: 0.8 }).image))];
    expect(Math.abs(rest.yaw - open.yaw) * degrees).toBeLessThan(2);
    expect(Math.abs(rest.pitch - open.pitch) * degrees).toBeLessThan(3);
    expect(Math.abs(open.scale / rest.scale - 1)).toBeLessThan(0.02);
  });
});
