/** Puts generated faces back into the identity picture. */
import type { Image } from "../media/image.js";
import { type Affine, applyAffine, invertAffine, warpImage } from "../media/transform.js";
import { ColourMatch } from "./colour-match.js";
import { PasteMask } from "./paste-mask.js";

export interface PasteTarget {
  /** The identity picture. */
  readonly picture: Image;
  /** From the model's crop (`size` x `size`) to the picture. */
  readonly cropToSource: Affine;
  readonly size: number;
  /** Face points of the picture [L, 2] in crop pixels. */
  readonly points: Float32Array;
}

/** Pastes one frame after another into the same picture; only what the crop covers is drawn anew. */
export class Paster {
  readonly #target: PasteTarget;
  readonly #result: Uint8Array;
  readonly #sourceToCrop: Affine;
  readonly #mask: PasteMask;
  readonly #colours: ColourMatch;
  readonly #box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

  constructor(target: PasteTarget) {
    const { picture, cropToSource, size } = target;
    this.#target = target;
    this.#result = new Uint8Array(picture.data);
    this.#sourceToCrop = invertAffine(cropToSource);
    this.#mask = new PasteMask(size);
    this.#colours = new ColourMatch(warpImage(picture, cropToSource, size, size, "edge"));
    const corners = [applyAffine(cropToSource, 0, 0), applyAffine(cropToSource, size, 0), applyAffine(cropToSource, 0, size), applyAffine(cropToSource, size, size)];
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    this.#box = {
      left: Math.max(0, Math.floor(Math.min(...xs))),
      top: Math.max(0, Math.floor(Math.min(...ys))),
      right: Math.min(picture.width, Math.ceil(Math.max(...xs))),
      bottom: Math.min(picture.height, Math.ceil(Math.max(...ys))),
    };
  }

  /** The picture with `frame` [size, size] in it, whose face points are `points` [L, 2] (crop pixels). Overwritten by the next call. */
  paste(frame: Image, points: Float32Array): Image {
    const { picture, size } = this.#target;
    this.#mask.draw([this.#target.points, points]);
    this.#colours.update(frame, this.#mask.values);
    const { left, top, right, bottom } = this.#box;
    const [a, b, c, d, e, f] = this.#sourceToCrop;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const u = a * (x + 0.5) + b * (y + 0.5) + c;
        const v = d * (x + 0.5) + e * (y + 0.5) + f;
        if (u > 0 && v > 0 && u < size && v < size) this.#blend(frame, u, v, (y * picture.width + x) * 3);
      }
    }
    return { data: this.#result, width: picture.width, height: picture.height };
  }

  /** Result at byte `at` from the crop's place (u, v). */
  #blend(frame: Image, u: number, v: number, at: number): void {
    const { size, picture } = this.#target;
    const x = Math.min(size - 1, Math.max(0, u - 0.5));
    const y = Math.min(size - 1, Math.max(0, v - 0.5));
    const left = Math.min(size - 2, Math.floor(x));
    const upper = Math.min(size - 2, Math.floor(y));
    const fx = x - left;
    const fy = y - upper;
    const i = upper * size + left;
    const mask = this.#mask.values;
    const share = (mask[i]! * (1 - fx) + mask[i + 1]! * fx) * (1 - fy) + (mask[i + size]! * (1 - fx) + mask[i + size + 1]! * fx) * fy;
    const { data } = frame;
    for (let k = 0; k < 3; k++) {
      const old = picture.data[at + k]!;
      if (share <= 0) {
        this.#result[at + k] = old;
        continue;
      }
      const p = 3 * i + k;
      const q = p + 3 * size;
      const value = (data[p]! * (1 - fx) + data[p + 3]! * fx) * (1 - fy) + (data[q]! * (1 - fx) + data[q + 3]! * fx) * fy;
      const mixed = old + (value + this.#colours.at(k, u / size, v / size) - old) * share;
      this.#result[at + k] = mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed + 0.5;
    }
  }
}
