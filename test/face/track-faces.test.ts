import { beforeAll, describe, expect, it } from "vitest";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { trackFace } from "../../src/face/track.js";
import { trackFaces, type TrackedFaces } from "../../src/face/track-faces.js";
import type { Image } from "../../src/media/image.js";
import { neutralState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { warpImage } from "../../src/media/transform.js";

const side = 192;
const patience = 3;
const portrait = (seed: number): Image => renderPersona(createPersona(seed), neutralState, side).image;
const [one, other] = [portrait(1), portrait(7)];
/** The picture in squares of one colour: no face any more, and no cut. */
function hidden({ data }: Image): Image {
  const cell = side / 6;
  const sums = new Float64Array(6 * 6 * 3);
  const at = (i: number): number => 3 * (6 * Math.floor(i / 3 / side / cell) + Math.floor((Math.floor(i / 3) % side) / cell)) + (i % 3);
  data.forEach((value, i) => (sums[at(i)]! += value / cell ** 2));
  return { data: data.map((_, i) => sums[at(i)]!), width: side, height: side };
}
/** The picture `scale` times as large about its middle and `x` pixels to the right. */
const placed = (image: Image, x: number, scale = 1): Image => warpImage(image, [1 / scale, 0, side / 2 - (side / 2 + x) / scale, 0, 1 / scale, (side - side / scale) / 2], side, side, "edge");

/** Two pictures beside each other. */
function beside(left: Image, right: Image): Image {
  const data = new Uint8Array(2 * side * side * 3);
  for (let y = 0; y < side; y++) {
    [left, right].forEach((image, i) => data.set(image.data.subarray(y * side * 3, (y + 1) * side * 3), (2 * y + i) * side * 3));
  }
  return { data, width: 2 * side, height: side };
}

let analyzer: FaceAnalyzer;
const calls = { detect: 0, mesh: 0 };
beforeAll(async () => {
  const real = await createFaceAnalyzer();
  analyzer = {
    detect: (image) => (calls.detect++, real.detect(image)),
    find: (image, which) => (calls.detect++, calls.mesh++, real.find(image, which)), // one face: one of each
    mesh: (image, square) => (calls.mesh++, real.mesh(image, square)),
    meshOf: (image, detection) => (calls.mesh++, real.meshOf(image, detection)),
  };
});

async function* source(images: readonly Image[]): AsyncGenerator<Image> {
  yield* images;
}

async function track(images: readonly Image[]): Promise<TrackedFaces[]> {
  Object.assign(calls, { detect: 0, mesh: 0 });
  const frames: TrackedFaces[] = [];
  for await (const frame of trackFaces(source(images), analyzer, { patience })) frames.push(frame);
  expect(frames.map(({ image }) => image)).toEqual(images);
  return frames;
}

/** Frame by frame, the faces as number and half of the picture; "." where one is not seen. */
const seen = (frames: readonly TrackedFaces[]): string[] =>
  frames.map(({ faces, cut }) => `${cut ? "|" : ""}${faces.map(({ id, mesh }) => `${id}${mesh === null ? "." : mesh.points[12]! < side ? "L" : "R"}`).join(" ")}`);

describe("tracking several faces", () => {
  it("follows each, the largest first, without calling the detector again", async () => {
    const frames = await track(Array.from({ length: 5 }, (_, t) => beside(placed(one, 2 * t, 0.7), placed(other, -2 * t))));
    expect(seen(frames)).toEqual(Array.from({ length: 5 }, () => "0R 1L"));
    const nose = (t: number, face: number): number => frames[t]!.faces[face]!.mesh!.points[12]!;
    expect(Math.abs(nose(4, 0) - nose(0, 0) + 8)).toBeLessThan(1.5);
    expect(Math.abs(nose(4, 1) - nose(0, 1) - 8)).toBeLessThan(1.5);
    expect(calls).toEqual({ detect: 1, mesh: 2 + 2 * 4 });
  });

  it("costs a lone face what following one costs, and gives the same points", async () => {
    const images = [...Array.from({ length: 4 }, (_, t) => placed(one, 3 * t)), ...Array.from({ length: 5 }, () => hidden(one)), one, placed(other, 4, 0.8)];
    const frames = await track(images);
    const spent = { ...calls };
    Object.assign(calls, { detect: 0, mesh: 0 });
    let t = 0;
    for await (const { mesh, cut } of trackFace(source(images), analyzer, { face: "largest" })) {
      expect(frames[t]!.faces[0]?.mesh ?? null).toEqual(mesh);
      expect(frames[t++]!.cut).toBe(cut);
    }
    expect(frames.map(({ faces }) => faces.length)).toEqual(frames.map(() => 1));
    expect(spent).toEqual(calls);
  });

  it("looks for a lost face, then gives it up, and the next one takes the place of the first", async () => {
    const small = placed(one, 0, 0.8);
    const [both, left, right] = [beside(small, other), beside(small, hidden(other)), beside(hidden(small), other)];
    expect(seen(await track([both, left, left, both]))).toEqual(["0R 1L", "0. 1L", "0. 1L", "0R 1L"]);
    expect(seen(await track([both, ...Array.from({ length: patience + 1 }, () => left)]))).toEqual(["0R 1L", "0. 1L", "0. 1L", "0. 1L", "1L"]);
    expect(seen(await track([both, ...Array.from({ length: patience + 1 }, () => right)]))).toEqual(["0R 1L", "0R 1.", "0R 1.", "0R 1.", "0R"]);
  });

  it("takes up whoever is there after a cut, and those who came later within ten seconds", async () => {
    const dark = (image: Image): Image => ({ ...image, data: image.data.map((value) => value >> 2) });
    const cut = await track([beside(placed(one, 0, 0.8), other), beside(dark(placed(other, 20)), hidden(dark(one)))]);
    expect(seen(cut)).toEqual(["0R 1L", "|2L"]);
    const small = placed(other, 0, 0.8);
    const [alone, both] = [beside(one, hidden(small)), beside(one, small)];
    const later = seen(await track([...Array.from({ length: 3 }, () => alone), ...Array.from({ length: 250 }, () => both)]));
    expect(later[0]).toBe("0L");
    expect(later.at(-1)).toBe("0L 1R");
    expect(calls.detect).toBe(2);
  });

  it("leaves small faces in the background alone", async () => {
    expect(seen(await track([beside(placed(one, 0, 1.2), placed(other, 0, 0.3))]))).toEqual(["0L"]);
  });
});
