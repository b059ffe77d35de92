/** Flicker: how much more the regions that should stand still change from frame to frame in a made video than in the real one. */
import type { Image } from "../media/image.js";
import { greyPlane } from "./plane.js";

export const flickerProtocol =
  "flicker: grey (ITU-R 601, 8 bit); static are the blocks of 8x8 whose four quarters change their means by at most 2 levels between two frames of the real video; root mean square of the changes of their pixels over the clip, made over real, 1/6 (8-bit rounding) added to both squares; made frames must show the same pose";

const block = 8;
const quarter = block / 2;
/** Noise of a camera is far below it in a mean of 16 pixels; what moves is above. */
const mostChange = 2;
/** Variance of the difference of two rounded numbers. */
const rounding = 1 / 6;

/** Sums of squared changes over static blocks. */
export interface Change {
  readonly made: number;
  readonly real: number;
  readonly pixels: number;
}

/** Frame pairs of a clip, one after another: only the last ones are kept. */
export class Flicker {
  #last: { readonly made: Float64Array; readonly real: Float64Array } | null = null;
  #sum: Change = { made: 0, real: 0, pixels: 0 };

  /** Made over real from the last pair to this one; NaN where there was none or nothing stood still. Both pictures have one size. */
  add(made: Image, real: Image): number {
    const now = { made: greyPlane(made).data, real: greyPlane(real).data };
    const last = this.#last;
    this.#last = now;
    if (last === null || last.made.length !== now.made.length) return Number.NaN;
    const change = staticChange(last, now, made.width);
    this.#sum = { made: this.#sum.made + change.made, real: this.#sum.real + change.real, pixels: this.#sum.pixels + change.pixels };
    return ratio(change);
  }

  /** Of the whole clip: made over real, and both root mean squares in levels of 255. Null where nothing stood still. */
  finish(): { readonly ratio: number; readonly made: number; readonly real: number } | null {
    const { made, real, pixels } = this.#sum;
    return pixels === 0 ? null : { ratio: ratio(this.#sum), made: Math.sqrt(made / pixels), real: Math.sqrt(real / pixels) };
  }
}

function ratio({ made, real, pixels }: Change): number {
  return Math.sqrt((made / pixels + rounding) / (real / pixels + rounding));
}

type Greys = { readonly made: Float64Array; readonly real: Float64Array };

function staticChange(last: Greys, now: Greys, width: number): Change {
  const height = now.real.length / width;
  let [made, real, pixels] = [0, 0, 0];
  for (let top = 0; top + block <= height; top += block) {
    for (let left = 0; left + block <= width; left += block) {
      if (!isStatic(last.real, now.real, width, top, left)) continue;
      pixels += block * block;
      for (let y = top; y < top + block; y++) {
        for (let at = y * width + left; at < y * width + left + block; at++) {
          made += (now.made[at]! - last.made[at]!) ** 2;
          real += (now.real[at]! - last.real[at]!) ** 2;
        }
      }
    }
  }
  return { made, real, pixels };
}

function isStatic(last: Float64Array, now: Float64Array, width: number, top: number, left: number): boolean {
  for (let part = 0; part < 4; part++) {
    const first = (top + quarter * (part >> 1)) * width + left + quarter * (part & 1);
    let sum = 0;
    for (let y = 0; y < quarter; y++) for (let x = 0; x < quarter; x++) sum += now[first + y * width + x]! - last[first + y * width + x]!;
    if (Math.abs(sum) > mostChange * quarter * quarter) return false;
  }
  return true;
}
