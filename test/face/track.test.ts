import { beforeAll, describe, expect, it } from "vitest";
import { cutChange, CutDetector } from "../../src/face/cuts.js";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { trackFace, type TrackedFrame } from "../../src/face/track.js";
import type { Image } from "../../src/media/image.js";
import { neutralState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { warpImage, type Affine } from "../../src/media/transform.js";

const size = 256;
const nose = 3 * 4;
const one = createPersona(1);
const face = renderPersona(one, neutralState, size).image;
const grey: Image = { data: new Uint8Array(size * size * 3).fill(128), width: size, height: size };

/** The persona at half size with its picture's centre at (x, y). */
const placed = (image: Image, x: number, y: number): Image => {
  const map: Affine = [2, 0, size / 2 - 2 * x, 0, 2, size / 2 - 2 * y];
  return warpImage(image, map, size, size, "edge");
};

let analyzer: FaceAnalyzer;
let detections = 0;
beforeAll(async () => {
  const real = await createFaceAnalyzer();
  analyzer = {
    detect: (image) => (detections++, real.detect(image)),
    find: (image, which) => (detections++, real.find(image, which)),
    mesh: (image, square) => real.mesh(image, square),
    meshOf: (image, detection) => real.meshOf(image, detection),
  };
});

async function track(images: readonly Image[]): Promise<TrackedFrame[]> {
  detections = 0;
  const frames: TrackedFrame[] = [];
  async function* source(): AsyncGenerator<Image> {
    yield* images;
  }
  for await (const frame of trackFace(source(), analyzer, { face: "largest" })) frames.push(frame);
  expect(frames.map(({ image }) => image)).toEqual(images);
  return frames;
}

describe("change between pictures", () => {
  const change = (first: Image, second: Image): number => {
    const detector = new CutDetector();
    expect(detector.next(first)).toBe(0);
    return detector.next(second);
  };

  it("is nothing for a still, little for motion, much for another picture", () => {
    expect(change(face, face)).toBe(0);
    expect(change(placed(face, 110, 128), placed(face, 130, 120))).toBeLessThan(0.7 * cutChange);
    expect(change(face, { ...face, data: face.data.map((value) => 255 - value) })).toBeGreaterThan(cutChange);
    expect(change(grey, { ...grey, data: grey.data.map((value, i) => value + (i % 3)) })).toBeLessThan(0.5 * cutChange);
  });

  it("does not depend on the size of the picture", () => {
    expect(change(face, warpImage(face, [0.5, 0, 0, 0, 0.5, 0], 2 * size, 2 * size, "edge"))).toBeLessThan(0.05);
    expect(change({ data: new Uint8Array(3), width: 1, height: 1 }, { data: new Uint8Array(3), width: 1, height: 1 })).toBe(0);
  });
});

describe("tracking", () => {
  it("follows a moving head without calling the detector again", async () => {
    const images = Array.from({ length: 8 }, (_, t) => placed(face, 80 + 12 * t, 128));
    const frames = await track(images);
    const noses = frames.map(({ mesh }) => mesh!.points[nose]!);
    for (let t = 1; t < noses.length; t++) expect(Math.abs(noses[t]! - noses[t - 1]! - 12)).toBeLessThan(1);
    expect(frames.some(({ cut }) => cut)).toBe(false);
    expect(detections).toBe(1);
  });

  it("says where the face is lost and finds it again", async () => {
    const frames = await track([face, face, grey, grey, face, face]);
    expect(frames.map(({ mesh }) => mesh !== null)).toEqual([true, true, false, false, true, true]);
  });

  it("flags a cut and takes up the face of the new shot", async () => {
    const other = renderPersona(createPersona(5), { ...neutralState, yaw: 0.2 }, size).image;
    const dark: Image = { ...other, data: other.data.map((value) => value >> 1) };
    const frames = await track([placed(face, 100, 128), placed(face, 101, 128), placed(dark, 170, 120), placed(dark, 171, 120)]);
    expect(frames.map(({ cut }) => cut)).toEqual([false, false, true, false]);
    expect(frames[2]!.mesh!.points[nose]! - frames[1]!.mesh!.points[nose]!).toBeGreaterThan(40);
  });

  it("gives no face for frames without one", async () => {
    expect((await track([grey, grey])).every(({ mesh, cut }) => mesh === null && !cut)).toBe(true);
  });
});
