import { describe, expect, test } from "vitest";
import type { Image } from "../../src/media/image.js";
import { boxBlur } from "../../src/synth/box-blur.js";
import { convexHull, PasteMask } from "../../src/synth/paste-mask.js";
import { Paster } from "../../src/synth/paste.js";
import { warpImage, type Affine } from "../../src/media/transform.js";

const size = 64;

/** Points on an ellipse in the middle of the crop, [L, 2]. */
function ellipse(cx = 32, cy = 32, rx = 14, ry = 18): Float32Array {
  return Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? cx + rx * Math.cos((i * Math.PI) / 20) : cy + ry * Math.sin(((i - 1) * Math.PI) / 20)));
}

/** A smooth picture, different in every channel. */
function scene(width: number, height: number): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const p = Math.floor(i / 3);
    return 100 + 40 * Math.sin((p % width) / 17 + (i % 3)) + 30 * Math.cos(Math.floor(p / width) / 13);
  });
  return { data, width, height };
}

const cropToSource: Affine = [1.5, 0.2, 40, -0.2, 1.5, 50];

describe("box blur", () => {
  test("is the mean of the window, cut off at the edge", () => {
    const values = Float32Array.of(9, 0, 0, 0, 0, 0, 0, 0, 18);
    boxBlur(values, 3, 1, new Float32Array(9));
    expect([...values].map((v) => Math.round(v * 1e4) / 1e4)).toEqual([2.25, 1.5, 0, 1.5, 3, 3, 0, 3, 4.5]);
  });
});

describe("paste mask", () => {
  test("finds the hull", () => {
    expect(convexHull(Float32Array.of(0, 0, 4, 0, 2, 1, 4, 4, 0, 4))).toEqual([[0, 0], [4, 0], [4, 4], [0, 4]]);
  });

  test("covers the face, fades, and is nothing at the border", () => {
    const mask = new PasteMask(size);
    mask.draw([ellipse()]);
    expect(mask.values[32 * size + 32]).toBeCloseTo(1, 3);
    expect(mask.values[32 * size + 32 + 14]).toBeGreaterThan(0.6); // the hull is widened
    expect(mask.values[32 * size + 2]).toBe(0);
    const row = Array.from({ length: 32 }, (_, x) => mask.values[32 * size + 32 + x]!);
    expect(row.every((value, x) => x === 0 || value <= row[x - 1]! + 1e-6)).toBe(true);
    mask.draw([ellipse(32, 32, 40, 40)]);
    expect(Math.max(...Array.from({ length: size }, (_, x) => mask.values[x]!))).toBeLessThan(0.1);
  });

  test("covers where the face was and where it is", () => {
    const mask = new PasteMask(size);
    mask.draw([ellipse(24), ellipse(40)]);
    expect(mask.values[32 * size + 20]).toBeGreaterThan(0.9);
    expect(mask.values[32 * size + 44]).toBeGreaterThan(0.9);
  });
});

describe("Paster", () => {
  test("pasting the picture's own crop changes nothing that can be seen", () => {
    const picture = scene(200, 200);
    const crop = warpImage(picture, cropToSource, size, size, "edge");
    const { data } = new Paster({ picture, cropToSource, size, points: ellipse() }).paste(crop, ellipse());
    expect(Math.max(...data.map((value, i) => Math.abs(value - picture.data[i]!)))).toBeLessThanOrEqual(3);
  });

  test("a slow difference in colour is taken back, the face itself is not", () => {
    const picture = scene(200, 200);
    const crop = warpImage(picture, cropToSource, size, size, "edge");
    const redder = { ...crop, data: crop.data.map((value, i) => (i % 3 === 0 ? value + 15 : value)) };
    for (let y = 26; y < 38; y++) for (let x = 26; x < 38; x++) redder.data[(y * size + x) * 3 + 2] = 255;
    const { data } = new Paster({ picture, cropToSource, size, points: ellipse() }).paste(redder, ellipse());
    const at = (x: number, y: number): number => (y * 200 + x) * 3;
    const [cx, cy] = [40 + 1.5 * 32 + 0.2 * 32, 50 - 0.2 * 32 + 1.5 * 32].map(Math.round) as [number, number];
    expect(Math.abs(data[at(cx, cy)]! - picture.data[at(cx, cy)]!)).toBeLessThan(5);
    expect(data[at(cx, cy) + 2]).toBeGreaterThan(240);
  });

  test("leaves what the face does not cover, and frames do not add up", () => {
    const picture = scene(200, 200);
    const paster = new Paster({ picture, cropToSource, size, points: ellipse() });
    const white = { data: new Uint8Array(size * size * 3).fill(255), width: size, height: size };
    const crop = warpImage(picture, cropToSource, size, size, "edge");
    paster.paste(white, ellipse());
    for (let t = 0; t < 60; t++) paster.paste(crop, ellipse()); // the colours settle
    const { data } = paster.paste(crop, ellipse());
    expect(Math.max(...data.map((value, i) => Math.abs(value - picture.data[i]!)))).toBeLessThanOrEqual(3);
    expect([...data.subarray(0, 600)]).toEqual([...picture.data.subarray(0, 600)]);
  });

  test("a face at the edge of the picture stays inside", () => {
    const picture = scene(50, 40);
    const frame = { data: new Uint8Array(size * size * 3).fill(200), width: size, height: size };
    expect(new Paster({ picture, cropToSource: [1, 0, -30, 0, 1, -20], size, points: ellipse() }).paste(frame, ellipse())).toMatchObject({ width: 50, height: 40 });
  });
});
