/**
 * PSNR and SSIM against known values: the grey picture is the reference notes' (PSNR 28.840945, SSIM 0.989108); all figures were computed
 * once with numpy 1.24 as below, SSIM by the formula of scikit-image's defaults with np.lib.stride_tricks.sliding_window_view windows:
 *
 *   y, x = np.mgrid[:64, :64]; a = (7*x + 13*y) % 256; b = np.minimum(255, a + (3*x + 5*y) % 17)
 *   y, x, c = np.mgrid[:23, :40, :3]; a = (11*x + 17*y + 59*c) % 256; b = np.clip(a + (x*y + 7*c) % 23 - 9, 0, 255)
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Image } from "../../src/media/image.js";
import { cannyEdges } from "../../src/metrics/canny.js";
import { cpbd } from "../../src/metrics/cpbd.js";
import { Flicker } from "../../src/metrics/flicker.js";
import { msSsim } from "../../src/metrics/ms-ssim.js";
import { greyPlane } from "../../src/metrics/plane.js";
import { psnr } from "../../src/metrics/psnr.js";
import { ssim } from "../../src/metrics/ssim.js";
import { gaussianSsim, paddedSsim } from "../../src/metrics/ssim-gaussian.js";

function picture(width: number, height: number, value: (x: number, y: number, c: number) => number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = value(x, y, c);
  return { data, width, height };
}

const greyValue = (x: number, y: number): number => (7 * x + 13 * y) % 256;
const grey = picture(64, 64, greyValue);
const greyNear = picture(64, 64, (x, y) => Math.min(255, greyValue(x, y) + ((3 * x + 5 * y) % 17)));
const colourValue = (x: number, y: number, c: number): number => (11 * x + 17 * y + 59 * c) % 256;
const colour = picture(40, 23, colourValue);
const colourNear = picture(40, 23, (x, y, c) => Math.min(255, Math.max(0, colourValue(x, y, c) + ((x * y + 7 * c) % 23) - 9)));
const flat = (level: number): Image => picture(16, 16, () => level);

describe("psnr", () => {
  it("gives the known values", () => {
    expect(psnr(grey, greyNear)).toBeCloseTo(28.84094498, 7);
    expect(psnr(colour, colourNear)).toBeCloseTo(31.453872149, 7);
    expect(psnr(flat(0), flat(255))).toBeCloseTo(0, 12);
    expect(psnr(flat(255), flat(0))).toBeCloseTo(0, 12); // bytes do not wrap
  });

  it("is infinite for equal pictures and refuses two sizes", () => {
    expect(psnr(colour, colour)).toBe(Infinity);
    expect(() => psnr(colour, grey)).toThrow(/40x23 and 64x64/);
  });
});

describe("ssim", () => {
  it("gives the known values", () => {
    expect(ssim(grey, greyNear)).toBeCloseTo(0.9891079296, 9);
    expect(ssim(colour, colourNear)).toBeCloseTo(0.9923327645, 9);
    expect(ssim(colourNear, colour)).toBeCloseTo(ssim(colour, colourNear), 12);
  });

  it("is one for equal pictures, near zero for unlike ones, and refuses what it cannot compare", () => {
    expect(ssim(colour, colour)).toBeCloseTo(1, 12);
    expect(ssim(flat(7), flat(7))).toBeCloseTo(1, 12);
    expect(ssim(flat(0), flat(255))).toBeLessThan(0.001);
    expect(() => ssim(picture(6, 9, () => 0), picture(6, 9, () => 0))).toThrow(/at least 7x7/);
    expect(() => ssim(colour, grey)).toThrow(/40x23 and 64x64/);
  });
});

/** By scikit-image, SciPy and PyTorch: support/pictures_skimage.py has the pictures and the command. */
const golden = JSON.parse(readFileSync(new URL("golden/pictures.json", import.meta.url), "utf8")) as Record<"sharp" | "soft", { gaussian: number; padded: number; msSsim: number; cpbd: number; cpbdNear: number; cannyNear: number }>;
const ramp = (p: number, n: number): number => Math.abs((p % (2 * n)) - n);
const scene = (isSharp: boolean): Image =>
  picture(200, 171, (x, y, c) => {
    const [across, down] = [Math.floor(x / 17), Math.floor(y / 23)];
    const steps = isSharp ? 70 * ((across + down + c) % 2) : ramp(4 * x + 60 * down, 70);
    return Math.min(255, ramp(3 * x + 2 * y + 11 * c, 90) + steps + ((7 * x * y + 5 * c) % 3));
  });
const nearby = ({ data, width, height }: Image): Image => picture(width, height, (x, y, c) => Math.min(255, Math.max(0, data[(y * width + x) * 3 + c]! + ((x * y + 7 * c) % 23) - 9)));
const scenes = [["sharp", scene(true)], ["soft", scene(false)]] as const;

describe("ssim with a Gaussian window", () => {
  it("gives the reference notes' values", () => {
    expect(gaussianSsim(grey, greyNear)).toBeCloseTo(0.982496, 6);
    expect(paddedSsim(grey, greyNear)).toBeCloseTo(0.983724, 6);
  });

  it.each(scenes)("gives scikit-image's and PyTorch's values: %s", (name, a) => {
    expect(gaussianSsim(a, nearby(a))).toBeCloseTo(golden[name].gaussian, 9);
    expect(paddedSsim(a, nearby(a))).toBeCloseTo(golden[name].padded, 9);
    expect(msSsim(a, nearby(a))).toBeCloseTo(golden[name].msSsim, 6); // PyTorch's weights have 32 bits
  });

  it("is one for equal pictures and refuses what it cannot compare", () => {
    const [, [, soft]] = scenes;
    for (const measure of [gaussianSsim, paddedSsim, msSsim]) expect(measure(soft, soft)).toBeCloseTo(1, 12);
    expect(paddedSsim(picture(3, 2, () => 9), picture(3, 2, () => 9))).toBeCloseTo(1, 12);
    expect(() => gaussianSsim(picture(10, 40, () => 0), picture(10, 40, () => 0))).toThrow(/at least 11x11/);
    expect(() => msSsim(picture(200, 160, () => 0), picture(200, 160, () => 0))).toThrow(/at least 161/);
    expect(() => gaussianSsim(colour, grey)).toThrow(/40x23 and 64x64/);
  });
});

describe("cpbd", () => {
  it.each(scenes)("gives the value of python-cpbd's steps: %s", (name, a) => {
    expect(cannyEdges(greyPlane(nearby(a))).reduce((sum, edge) => sum + edge, 0)).toBe(golden[name].cannyNear);
    expect(cpbd(a)).toBeCloseTo(golden[name].cpbd, 12);
    expect(cpbd(nearby(a))).toBeCloseTo(golden[name].cpbdNear, 12);
  });

  it("is zero without an edge, and does not see the sign of contrast", () => {
    expect(cpbd(flat(80))).toBe(0);
    expect(cpbd(picture(64, 64, () => 80))).toBe(0);
    const [[, sharp]] = scenes;
    const mirrored = picture(sharp.width, sharp.height, (x, y, c) => sharp.data[(y * sharp.width + sharp.width - 1 - x) * 3 + c]!);
    expect(cpbd(picture(128, 128, (x, y, c) => mirrored.data[(y * 200 + x) * 3 + c]!))).toBeCloseTo(cpbd(picture(128, 128, (x, y, c) => sharp.data[(y * 200 + 199 - x) * 3 + c]!)), 12);
  });
});

describe("flicker", () => {
  const square = 40;
  /** A patch of 16 px moves over the right half; every pixel changes by `noise` levels up and down from frame to frame, the whole by `pump` levels. */
  const frame = (t: number, noise: number, pump: number): Image =>
    picture(square, square, (x, y) => (x >= 24 && y >= 4 * t && y < 4 * t + 16 ? 220 : 100) + ((x + y + t) % 2 === 0 ? noise : -noise) / 2 + (t % 2) * pump);
  const score = (made: readonly [noise: number, pump: number], real: readonly [noise: number, pump: number]): ReturnType<Flicker["finish"]> => {
    const clip = new Flicker();
    for (let t = 0; t < 5; t++) clip.add(frame(t, ...made), frame(t, ...real));
    return clip.finish();
  };

  it("is one for equal videos, and what the noise says where it differs", () => {
    expect(score([2, 0], [2, 0])).toEqual({ ratio: 1, made: 2, real: 2 });
    expect(score([6, 0], [2, 0])!.ratio).toBeCloseTo(Math.sqrt((36 + 1 / 6) / (4 + 1 / 6)), 12);
    expect(score([2, 0], [0, 0])!.real).toBe(0);
    // A made background that breathes is seen, though no pixel is noisy.
    expect(score([0, 5], [0, 0])).toMatchObject({ made: 5, ratio: expect.closeTo(Math.sqrt(25 * 6 + 1), 9) });
  });

  it("says nothing where nothing stands still, nor of a single frame", () => {
    expect(score([0, 0], [0, 9])).toBeNull();
    expect(new Flicker().add(frame(0, 0, 0), frame(0, 0, 0))).toBeNaN();
  });
});
