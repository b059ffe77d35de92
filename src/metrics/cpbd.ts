/** Sharpness without a reference: cumulative probability of blur detection (Narvekar & Karam 2011) as python-cpbd computes it. */
import type { Image } from "../media/image.js";
import { cannyEdges, sobelGradients } from "./canny.js";
import { greyPlane, type Plane } from "./plane.js";

export const cpbdProtocol =
  "cpbd: grey (ITU-R 601, 8 bit), Canny of scikit-image on 0..255 to choose blocks, thinned Sobel for edges, blocks of 64x64, share of edges with a blur probability below 0.635 (python-cpbd); hangs on the size of the picture and on compression";

/** Blocks' side; a smaller picture holds none. */
export const cpbdBlock = 64;
/** A block with fewer edges says nothing. */
const edgeShare = 0.002;
/** No walk along a row goes further. */
const longestWalk = 101;
const beta = 3.6;
/** Tangent of 22.5 degrees. */
const flattest = Math.SQRT2 - 1;
/** Just noticeable width in px, by the block's contrast. */
const noticeable = (contrast: number): number => (contrast <= 50 ? 5 : 3);

/** CPBD 0..1, 1 for sharp; 0 where no block has an edge. */
export function cpbd(image: Image): number {
  const grey = greyPlane(image);
  const blockEdges = cannyEdges(grey);
  const widths = edgeWidths(grey);
  let [sharp, all] = [0, 0];
  for (let top = 0; top + cpbdBlock <= grey.height; top += cpbdBlock) {
    for (let left = 0; left + cpbdBlock <= grey.width; left += cpbdBlock) {
      const block = blockOf(grey, blockEdges, widths, top, left);
      if (block.edges <= edgeShare * cpbdBlock * cpbdBlock) continue;
      const limit = noticeable(block.contrast);
      for (const width of block.widths) {
        all++;
        if (roundHalfEven(100 * (1 - Math.exp(-((width / limit) ** beta)))) <= 63) sharp++;
      }
    }
  }
  return all === 0 ? 0 : sharp / all;
}

function blockOf({ data, width }: Plane, edges: Uint8Array, widths: Uint8Array, top: number, left: number): { edges: number; contrast: number; widths: number[] } {
  let [count, least, most] = [0, Infinity, -Infinity];
  const found: number[] = [];
  for (let y = top; y < top + cpbdBlock; y++) {
    for (let at = y * width + left; at < y * width + left + cpbdBlock; at++) {
      count += edges[at]!;
      least = Math.min(least, data[at]!);
      most = Math.max(most, data[at]!);
      if (widths[at]! > 0) found.push(widths[at]!);
    }
  }
  return { edges: count, contrast: most - least, widths: found };
}

/** Width in px of each edge whose gradient lies along its row, 0 elsewhere: how far grey keeps rising, or falling, to both sides (Marziliano 2002). */
function edgeWidths(plane: Plane): Uint8Array {
  const { data, width, height } = plane;
  const edges = sobelEdges(plane);
  const widths = new Uint8Array(data.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      if (edges[at] === 0) continue;
      const [along, down] = [data[at + 1]! - data[at - 1]!, data[at + width]! - data[at - width]!];
      // The angle, rounded to 45 degrees, is 0 or 180; the reference takes 0 where nothing changes along the row.
      if (along !== 0 && Math.abs(down) > flattest * Math.abs(along)) continue;
      const rise = along < 0 ? -1 : 1;
      widths[at] = walk(data, at, -1, x, -rise) + walk(data, at, 1, width - 1 - x, rise);
    }
  }
  return widths;
}

/** Steps of `step` from `at` while grey moves by the sign of `rise`; `room` is the way to the picture's border. */
function walk(data: Float64Array, at: number, step: number, room: number, rise: number): number {
  let length = 1;
  while (length < longestWalk && length < room && (data[at + (length + 1) * step]! - data[at + length * step]!) * rise > 0) length++;
  return length;
}

/** Vertical edges: squared Sobel response above twice the root of its mean, strictly stronger than both neighbours in the row or in the column. */
function sobelEdges({ data, width, height }: Plane): Uint8Array {
  const [, along] = sobelGradients({ data, width, height });
  const strength = along.map((value) => (value / 8) ** 2);
  const threshold = 2 * Math.sqrt(strength.reduce((sum, value) => sum + value, 0) / strength.length);
  for (let i = 0; i < strength.length; i++) if (strength[i]! <= threshold) strength[i] = 0;
  const edges = new Uint8Array(strength.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const value = strength[at]!;
      if (value === 0) continue;
      const inRow = (x === 0 || value > strength[at - 1]!) && (x === width - 1 || value > strength[at + 1]!);
      const inColumn = (y === 0 || value > strength[at - width]!) && (y === height - 1 || value > strength[at + width]!);
      if (inRow || inColumn) edges[at] = 1;
    }
  }
  return edges;
}

/** As Python rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
