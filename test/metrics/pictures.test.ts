/**
 * PSNR and SSIM against known values: the grey picture is the reference notes' (PSNR 28.840945, SSIM 0.989108); all figures were computed
 * once with numpy 1.24 as below, SSIM by the formula of scikit-image's defaults with np.lib.stride_tricks.sliding_window_view windows:
 *
 *   y, x = np.mgrid[:64, :64]; a = (7*x + 13*y) % 256; b = np.minimum(255, a + (3*x + 5*y) % 17)
 *   y, x, c = np.mgrid[:23, :40, :3]; a = (11*x + 17*y + 59*c) % 256; b = np.clip(a + (x*y + 7*c) % 23 - 9, 0, 255)
 */
import { describe, expect, it } from "vitest";
import type { Image } from "../../src/media/image.js";
import { psnr } from "../../src/metrics/psnr.js";
import { ssim } from "../../src/metrics/ssim.js";

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
