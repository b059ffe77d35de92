/**
 * Takes the trembling out of made frames: each is averaged with those before and after it. In the head where little changes, and at the mouth never;
 * around it everywhere and over longer, for a background that follows every nod, or changes over to that of another picture, catches the eye. Both sides
 * have equal parts, so nothing comes late, which lips must not.
 */
import { ibug } from "../base/points.js";
import type { Image } from "../media/image.js";
import { boxBlur } from "./box-blur.js";
import { PasteMask } from "./paste-mask.js";

/** Mean change of a pixel's channels, in levels of 255 and averaged nearby, up to which a neighbour counts in full and from which on not at all. */
const still = 3;
const moving = 12;
/** Pixels on either side that tell about a pixel. */
const near = 2;
/** Frames on either side that are averaged in the head, and around it. */
const headReach = 1;
const backgroundReach = 5;
/** The head with its hair, about the hull of the face's points. */
const headWidening = 1.4;

interface Steady {
  readonly image: Image;
  /** Model points [L, 2] in pixels. */
  readonly points: Float32Array;
}

/** The same frames [size, size], all of one size, without what trembles; each comes when `backgroundReach` more are there. */
export async function* steadied<T extends Steady>(frames: AsyncIterable<T>): AsyncGenerator<T> {
  const window: T[] = []; // the last frames, at most 2 `backgroundReach` + 1 of them
  let place = 0; // of the next frame to be given, in the window
  const averager = new Averager();
  for await (const frame of frames) {
    window.push(frame);
    if (window.length - place <= backgroundReach) continue;
    yield averager.average(window, place);
    if (place < backgroundReach) place++;
    else window.shift();
  }
  for (; place < window.length; place++) yield averager.average(window, place);
}

/** Averages frames in memory that is used again. */
class Averager {
  #size = 0;
  #mouth = new PasteMask(1);
  #head = new PasteMask(1);
  #likeness = new Float32Array(0);
  #scratch = new Float32Array(0);
  /** Levels of the two nearest frames by their shares, and these shares. */
  #sum = new Float32Array(0);
  #weight = new Float32Array(0);
  readonly #around = new RunningSum();

  /** The frame at `place` of the window, whose frames come in their order from call to call. */
  average<T extends Steady>(window: readonly T[], place: number): T {
    const frame = window[place]!;
    const reach = Math.min(backgroundReach, place, window.length - 1 - place); // the first and the last have nothing on one side
    const { data, width, height } = frame.image;
    this.#reserve(width);
    this.#mouth.draw([frame.points.subarray(2 * ibug.outerLips[0], 2 * ibug.outerLips[1])]);
    this.#head.draw([frame.points]);
    const around = this.#around.of(window.slice(place - reach, place + reach + 1));
    const [sum, weight, head] = [this.#sum.fill(0), this.#weight.fill(0), this.#head.values];
    const nearest = reach === 0 ? [] : [window[place - headReach]!, window[place + headReach]!];
    for (const { image } of nearest) this.#add(image.data, data);
    const averaged = new Uint8Array(data.length);
    for (let i = 0, at = 0; i < head.length; i++, at += 3) {
      const outside = 1 - head[i]!;
      const whole = outside * (2 * reach - nearest.length) + weight[i]! + 1;
      for (let c = at; c < at + 3; c++) {
        let beyond = around[c]! - data[c]!;
        for (const { image } of nearest) beyond -= image.data[c]!;
        averaged[c] = Math.round((outside * beyond + sum[c]! + data[c]!) / whole);
      }
    }
    return { ...frame, image: { data: averaged, width, height } };
  }

  #reserve(size: number): void {
    if (size === this.#size) return;
    this.#size = size;
    this.#sum = new Float32Array(3 * size * size);
    [this.#weight, this.#likeness, this.#scratch] = [new Float32Array(size * size), new Float32Array(size * size), new Float32Array(size * size)];
    [this.#mouth, this.#head] = [new PasteMask(size, { isWhole: true }), new PasteMask(size, { isWhole: true, widening: headWidening })];
  }

  /** One of the two nearest: around the head it counts as all others do, in it where it is alike. */
  #add(neighbour: Uint8Array, data: Uint8Array): void {
    const [likeness, sum, weight, mouth, head] = [this.#likeness, this.#sum, this.#weight, this.#mouth.values, this.#head.values];
    for (let i = 0, at = 0; i < likeness.length; i++, at += 3) {
      likeness[i] = (Math.abs(data[at]! - neighbour[at]!) + Math.abs(data[at + 1]! - neighbour[at + 1]!) + Math.abs(data[at + 2]! - neighbour[at + 2]!)) / 3;
    }
    boxBlur(likeness, this.#size, near, this.#scratch);
    for (let i = 0, at = 0; i < likeness.length; i++, at += 3) {
      const alike = Math.min(1, Math.max(0, (moving - likeness[i]!) / (moving - still))) * (1 - mouth[i]!);
      const part = Math.max(alike, 1 - head[i]!);
      weight[i]! += part;
      for (let c = at; c < at + 3; c++) sum[c]! += part * neighbour[c]!;
    }
  }
}

/** The sum of a window's pictures that moves on with it, so that a longer one costs no more. */
class RunningSum {
  #sum = new Int32Array(0);
  #members: Steady[] = [];

  /** [size, size, 3] of `frames`, each an object of its own: the first ones were there before, the last ones may be new. */
  of(frames: readonly Steady[]): Int32Array {
    const { length } = frames[0]!.image.data;
    if (length !== this.#sum.length) [this.#sum, this.#members] = [new Int32Array(length), []];
    while (this.#members.length > 0 && this.#members[0] !== frames[0]) this.#add(this.#members.shift()!, -1);
    for (const frame of frames.slice(this.#members.length)) {
      this.#members.push(frame);
      this.#add(frame, 1);
    }
    return this.#sum;
  }

  #add({ image: { data } }: Steady, sign: 1 | -1): void {
    for (let i = 0; i < data.length; i++) this.#sum[i]! += sign * data[i]!;
  }
}
