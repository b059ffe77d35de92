/** Structural similarity with the Gaussian window of its paper (Wang et al. 2004): 11 taps, sigma 1.5, covariances not corrected for the sample. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";
import { gaussianKernel, paddedPlane, type Plane, planeOf } from "./plane.js";
import { requireSameSize } from "./psnr.js";

export const gaussianSsimProtocol = "ssim:gaussian: RGB, 8 bit, 11x11 Gaussian window of sigma 1.5, covariance of the population, windows inside the picture only, mean over channels and frames (Wang 2004, pytorch-msssim)";
export const paddedSsimProtocol = "ssim:padded: RGB, 8 bit, 11x11 Gaussian window of sigma 1.5, covariance of the population, pictures padded with zeros, mean over all pixels, channels and frames (pytorch-ssim)";

const radius = 5;
/** Smaller pictures hold no window. */
export const windowSide = 2 * radius + 1;
const window = gaussianKernel(1.5, radius);
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/** Means over all windows. */
export interface Similarity {
  readonly ssim: number;
  /** The factor of contrast and structure alone. */
  readonly structure: number;
}

/** SSIM -1..1 of two pictures of one size, at least 11x11: scikit-image's structural_similarity with gaussian_weights and use_sample_covariance=False. */
export function gaussianSsim(a: Image, b: Image): number {
  return meanOverChannels(a, b, (p, q) => similarity(p, q).ssim);
}

/** As `gaussianSsim` with a window around every pixel, zeros beyond the borders: any size. */
export function paddedSsim(a: Image, b: Image): number {
  return meanOverChannels(a, b, (p, q) => similarity(paddedPlane(p, radius, radius), paddedPlane(q, radius, radius)).ssim);
}

export function meanOverChannels(a: Image, b: Image, measure: (a: Plane, b: Plane) => number): number {
  requireSameSize(a, b, "ssim");
  return [0, 1, 2].reduce((sum, channel) => sum + measure(planeOf(a, channel), planeOf(b, channel)) / 3, 0);
}

/** SSIM of two planes of one size, 0..255, over the windows that lie inside. */
export function similarity(a: Plane, b: Plane): Similarity {
  const { width, height } = a;
  if (width < windowSide || height < windowSide) throw new TalkfaceError("internal", `internal: ssim: ${width}x${height} pixels, expected at least ${windowSide}x${windowSide}.`);
  // Sums down the window's column for a, b, aa + bb, ab: variances are only needed as their sum.
  const columns = [0, 1, 2, 3].map(() => new Float64Array(width)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  let [ssim, structure] = [0, 0];
  for (let y = 0; y + windowSide <= height; y++) {
    sumColumns(columns, a, b, y);
    for (let x = 0; x + windowSide <= width; x++) {
      const [ma, mb, squares, products] = [across(columns[0], x), across(columns[1], x), across(columns[2], x), across(columns[3], x)];
      const [means, product] = [ma * ma + mb * mb, ma * mb];
      const local = (2 * (products - product) + c2) / (squares - means + c2);
      structure += local;
      ssim += (local * (2 * product + c1)) / (means + c1);
    }
  }
  const count = (width - windowSide + 1) * (height - windowSide + 1);
  return { ssim: ssim / count, structure: structure / count };
}

/** Weighted sums over the rows from `top` on, for each column. Rows at one distance from the middle have one weight. */
function sumColumns([sa, sb, ss, sp]: readonly [Float64Array, Float64Array, Float64Array, Float64Array], { data: a, width }: Plane, { data: b }: Plane, top: number): void {
  const middle = (top + radius) * width;
  const centre = window[radius]!;
  for (let x = 0; x < width; x++) {
    const [p, q] = [a[middle + x]!, b[middle + x]!];
    sa[x] = centre * p;
    sb[x] = centre * q;
    ss[x] = centre * (p * p + q * q);
    sp[x] = centre * p * q;
  }
  for (let k = 0; k < radius; k++) {
    const weight = window[k]!;
    const [above, below] = [(top + k) * width, (top + windowSide - 1 - k) * width];
    for (let x = 0; x < width; x++) {
      const p0 = a[above + x]!;
      const q0 = b[above + x]!;
      const p1 = a[below + x]!;
      const q1 = b[below + x]!;
      sa[x]! += weight * (p0 + p1);
      sb[x]! += weight * (q0 + q1);
      ss[x]! += weight * (p0 * p0 + q0 * q0 + p1 * p1 + q1 * q1);
      sp[x]! += weight * (p0 * q0 + p1 * q1);
    }
  }
}

function across(sums: Float64Array, x: number): number {
  let sum = window[radius]! * sums[x + radius]!;
  for (let k = 0; k < radius; k++) sum += window[k]! * (sums[x + k]! + sums[x + windowSide - 1 - k]!);
  return sum;
}
