/**
 * Takes the trembling out of made frames: a recursive filter over time, as denoisers of video have, that holds on to the last frame where little
 * changes nearby and lets go where something moves.
 */
import type { Image } from "../media/image.js";
import { boxBlur } from "./box-blur.js";

/** Mean change of a pixel's channels, in levels of 255 and averaged nearby, up to which all is held and from which on nothing is. */
const held = 3;
const free = 12;
/** Pixels on either side that tell about a pixel. */
const reach = 2;
/** Share of the last frame where all is held. */
const share = 0.6;

/** For the frames of one video, one after another. */
export class Steadier {
  #last: Float32Array | null = null;
  #change = new Float32Array(0);
  #scratch = new Float32Array(0);

  /** The next frame [size, size], without what trembles. */
  next(frame: Image): Image {
    const { data, width: size } = frame;
    const last = this.#last;
    if (last === null || last.length !== data.length) {
      this.#last = Float32Array.from(data);
      [this.#change, this.#scratch] = [new Float32Array(size * size), new Float32Array(size * size)];
      return frame;
    }
    const change = this.#change;
    for (let i = 0, at = 0; i < change.length; i++, at += 3) {
      change[i] = (Math.abs(data[at]! - last[at]!) + Math.abs(data[at + 1]! - last[at + 1]!) + Math.abs(data[at + 2]! - last[at + 2]!)) / 3;
    }
    boxBlur(change, size, reach, this.#scratch);
    const steady = new Uint8Array(data.length);
    for (let i = 0, at = 0; i < change.length; i++) {
      const kept = share * Math.min(1, Math.max(0, (free - change[i]!) / (free - held)));
      for (const end = at + 3; at < end; at++) {
        last[at] = data[at]! + kept * (last[at]! - data[at]!);
        steady[at] = Math.round(last[at]!);
      }
    }
    return { data: steady, width: size, height: size };
  }
}
