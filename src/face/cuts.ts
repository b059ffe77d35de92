/** Scene cuts from coarse brightness: a jump of the whole picture that is far above what the shot's own motion makes. */
import type { Image } from "../media/image.js";

const cells = 24;
const samplesPerCell = 2; // along a side
/** Mean change of a cell's brightness (0..255) below which nothing is a cut. */
const smallestJump = 14;
/** And so many times the shot's usual change. */
const jumpRatio = 4;

export class CutDetector {
  #previous: Float32Array | null = null;
  #current: Float32Array = new Float32Array(cells * cells);
  #usual = 0;

  /** Whether `image` starts a new shot; false for the first one. */
  next(image: Image): boolean {
    const { data, width, height } = image;
    const current = this.#current;
    const side = cells * samplesPerCell;
    current.fill(0);
    for (let j = 0; j < side; j++) {
      const row = Math.floor(((j + 0.5) * height) / side) * width;
      for (let i = 0; i < side; i++) {
        const at = 3 * (row + Math.floor(((i + 0.5) * width) / side));
        const cell = Math.floor(j / samplesPerCell) * cells + Math.floor(i / samplesPerCell);
        current[cell] = current[cell]! + 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      }
    }
    const previous = this.#previous;
    this.#previous = current;
    this.#current = previous ?? new Float32Array(cells * cells);
    if (previous === null) return false;
    let change = 0;
    for (let k = 0; k < current.length; k++) change += Math.abs(current[k]! - previous[k]!);
    change /= current.length * samplesPerCell ** 2;
    const cut = change > smallestJump && change > jumpRatio * this.#usual;
    this.#usual = cut ? 0 : 0.8 * this.#usual + 0.2 * change;
    return cut;
  }
}
