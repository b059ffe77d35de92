/** Structural similarity (Wang et al. 2004) as scikit-image computes it by default, which is what most papers on talking faces call. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";
import { requireSameSize } from "./psnr.js";

export const ssimProtocol = "ssim: RGB, 8 bit, 7x7 uniform window, sample covariance, border left out, mean over channels and frames";

/** Smaller pictures hold no window. */
export const smallestSsimSide = 7;
const side = smallestSsimSide;
const count = side * side;
/** C1 and C2 of the definition, scaled so that window sums need not be divided: sums of the mean's terms by count², of the covariance's by count (count - 1). */
const k1 = (0.01 * 255) ** 2 * count * count;
const k2 = (0.03 * 255) ** 2 * count * (count - 1);

/**
 * SSIM -1..1 of two pictures of one size, at least 7x7: scikit-image's structural_similarity with channel_axis and data_range 255. Window sums are whole
 * numbers, updated exactly as the window moves down and across; variances are only needed as their sum.
 */
export function ssim(a: Image, b: Image): number {
  requireSameSize(a, b, "ssim");
  const { width, height } = a;
  if (width < side || height < side) throw new TalkfaceError("internal", `internal: ssim: ${width}x${height} pixels, expected at least ${side}x${side}.`);
  const row = width * 3;
  const [p, q] = [a.data, b.data];
  // Sums over seven rows, for each place of a row: a, b, aa + bb, ab.
  const sums = { a: new Float64Array(row), b: new Float64Array(row), squares: new Float64Array(row), products: new Float64Array(row) };
  for (let i = 0; i < row * side; i++) addPixel(sums, i % row, p[i]!, q[i]!);
  let total = rowTotal(sums, row);
  for (let y = side; y < height; y++) {
    moveDown(sums, p, q, y * row, (y - side) * row, row);
    total += rowTotal(sums, row);
  }
  return total / ((width - side + 1) * (height - side + 1) * 3);
}

interface ColumnSums {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly squares: Float64Array;
  readonly products: Float64Array;
}

function addPixel({ a, b, squares, products }: ColumnSums, i: number, p: number, q: number): void {
  a[i]! += p;
  b[i]! += q;
  squares[i]! += p * p + q * q;
  products[i]! += p * q;
}

/** The row that begins at `entering` comes in, the one that begins at `leaving` goes. */
function moveDown({ a, b, squares, products }: ColumnSums, p: Uint8Array, q: Uint8Array, entering: number, leaving: number, row: number): void {
  for (let i = 0; i < row; i++) {
    const p1 = p[entering + i]!;
    const q1 = q[entering + i]!;
    const p0 = p[leaving + i]!;
    const q0 = q[leaving + i]!;
    a[i]! += p1 - p0;
    b[i]! += q1 - q0;
    squares[i]! += p1 * p1 + q1 * q1 - p0 * p0 - q0 * q0;
    products[i]! += p1 * q1 - p0 * q0;
  }
}

/** SSIM of all windows of seven rows, over all channels, summed. */
function rowTotal({ a, b, squares, products }: ColumnSums, row: number): number {
  let total = 0;
  for (let channel = 0; channel < 3; channel++) {
    let [wa, wb, ww, wp] = [0, 0, 0, 0];
    let i = channel;
    for (; i < 3 * (side - 1); i += 3) {
      wa += a[i]!;
      wb += b[i]!;
      ww += squares[i]!;
      wp += products[i]!;
    }
    for (let first = channel; i < row; i += 3, first += 3) {
      wa += a[i]!;
      wb += b[i]!;
      ww += squares[i]!;
      wp += products[i]!;
      const ab = wa * wb;
      const aabb = wa * wa + wb * wb;
      total += ((2 * ab + k1) * (2 * (count * wp - ab) + k2)) / ((aabb + k1) * (count * ww - aabb + k2));
      wa -= a[first]!;
      wb -= b[first]!;
      ww -= squares[first]!;
      wp -= products[first]!;
    }
  }
  return total;
}
