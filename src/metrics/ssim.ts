/** Structural similarity (Wang et al. 2004) as scikit-image computes it by default, which is what most papers on talking faces call. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";
import { requireSameSize } from "./psnr.js";

export const ssimProtocol = "ssim: RGB, 8 bit, 7x7 uniform window, sample covariance, border left out, mean over channels and frames";

/** Smaller pictures hold no window. */
export const smallestSsimSide = 7;
const side = smallestSsimSide;
const count = side * side;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/** SSIM -1..1 of two pictures of one size, at least 7x7: scikit-image's structural_similarity with channel_axis and data_range 255. */
export function ssim(a: Image, b: Image): number {
  requireSameSize(a, b, "ssim");
  const { width, height } = a;
  if (width < side || height < side) throw new TalkfaceError("internal", `internal: ssim: ${width}x${height} pixels, expected at least ${side}x${side}.`);
  const row = width * 3;
  // Sums over the seven rows of a column, one column and channel after another: a, b, aa, bb, ab. Integers, hence exact when updated.
  const columns = Array.from({ length: 5 }, () => new Float64Array(row));
  const [sa, sb, saa, sbb, sab] = columns as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const addRow = (y: number, sign: 1 | -1): void => {
    for (let i = 0, at = y * row; i < row; i++, at++) {
      const p = a.data[at]!;
      const q = b.data[at]!;
      sa[i]! += sign * p;
      sb[i]! += sign * q;
      saa[i]! += sign * p * p;
      sbb[i]! += sign * q * q;
      sab[i]! += sign * p * q;
    }
  };
  for (let y = 0; y < side - 1; y++) addRow(y, 1);
  let total = 0;
  for (let y = side - 1; y < height; y++) {
    addRow(y, 1);
    for (let channel = 0; channel < 3; channel++) {
      let [wa, wb, waa, wbb, wab] = [0, 0, 0, 0, 0];
      for (let x = 0; x < width; x++) {
        const entering = 3 * x + channel;
        wa += sa[entering]!;
        wb += sb[entering]!;
        waa += saa[entering]!;
        wbb += sbb[entering]!;
        wab += sab[entering]!;
        if (x < side - 1) continue;
        total += similarity(wa, wb, waa, wbb, wab);
        const leaving = entering - 3 * (side - 1);
        wa -= sa[leaving]!;
        wb -= sb[leaving]!;
        waa -= saa[leaving]!;
        wbb -= sbb[leaving]!;
        wab -= sab[leaving]!;
      }
    }
    addRow(y - side + 1, -1);
  }
  return total / ((width - side + 1) * (height - side + 1) * 3);
}

/** SSIM of one window from its sums. */
function similarity(a: number, b: number, aa: number, bb: number, ab: number): number {
  const ma = a / count;
  const mb = b / count;
  const unbiased = 1 / (count - 1);
  const va = (aa - a * ma) * unbiased;
  const vb = (bb - b * mb) * unbiased;
  const cov = (ab - a * mb) * unbiased;
  return ((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
}
