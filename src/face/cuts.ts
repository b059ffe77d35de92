/** How much a picture differs from the one before, to tell cuts from motion. */
import type { Image } from "../media/image.js";

const cells = 24;
const samplesPerCell = 3; // along a side
/** Cells by which the picture may have moved as a whole (a camera, or a crop that follows a head). */
const reach = 3;
/** Brightness steps (0..255) of contrast that a flat picture is credited with, so that noise is no change. */
const flatContrast = 5;
const lumaWeights = [0.299, 0.587, 0.114] as const;

/**
 * Above this a picture is another shot. Over 15,000 consecutive frames of 156 talking-face videos the largest change was 0.51 (a head thrown
 * about); between frames of different videos it is 0.78 or more in 95 % of the pairs, 1.1 in the middle.
 */
export const cutChange = 0.6;

export class CutDetector {
  #previous: Float32Array | null = null;
  #current: Float32Array = new Float32Array(cells * cells);

  /** Mean change of coarse brightness after the best shift, over the pictures' contrast: 0 for the same picture and for the first one. */
  next(image: Image): number {
    const current = this.#current;
    coarseBrightness(image, current);
    const previous = this.#previous;
    this.#previous = current;
    this.#current = previous ?? new Float32Array(cells * cells);
    if (previous === null) return 0;
    const contrast = Math.sqrt((variance(previous) + variance(current)) / 2 + flatContrast ** 2);
    let least = shiftedChange(previous, current, 0, 0);
    if (least < contrast * 0.1) return least / contrast; // a still picture needs no search
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) least = Math.min(least, shiftedChange(previous, current, dx, dy));
    }
    return least / contrast;
  }
}

function coarseBrightness({ data, width, height }: Image, out: Float32Array): void {
  const side = cells * samplesPerCell;
  out.fill(0);
  for (let j = 0; j < side; j++) {
    const row = Math.floor(((j + 0.5) * height) / side) * width;
    const cellRow = Math.floor(j / samplesPerCell) * cells;
    for (let i = 0; i < side; i++) {
      const at = 3 * (row + Math.floor(((i + 0.5) * width) / side));
      const cell = cellRow + Math.floor(i / samplesPerCell);
      const luma = lumaWeights[0] * data[at]! + lumaWeights[1] * data[at + 1]! + lumaWeights[2] * data[at + 2]!;
      out[cell] = out[cell]! + luma / samplesPerCell ** 2;
    }
  }
}

/** Mean absolute difference where the second picture, moved back by (dx, dy) cells, overlaps the first. */
function shiftedChange(a: Float32Array, b: Float32Array, dx: number, dy: number): number {
  let sum = 0;
  for (let y = Math.max(0, -dy); y < Math.min(cells, cells - dy); y++) {
    for (let x = Math.max(0, -dx); x < Math.min(cells, cells - dx); x++) sum += Math.abs(a[y * cells + x]! - b[(y + dy) * cells + x + dx]!);
  }
  return sum / ((cells - Math.abs(dx)) * (cells - Math.abs(dy)));
}

function variance(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}
