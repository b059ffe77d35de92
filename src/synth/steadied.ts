/**
 * Takes the trembling out of made frames: each is averaged with the one before and the one after where little changes nearby, and left alone where
 * something moves. Both neighbours have equal parts, so nothing comes late, which lips must not.
 */
import type { Image } from "../media/image.js";
import { boxBlur } from "./box-blur.js";

/** Mean change of a pixel's channels, in levels of 255 and averaged nearby, up to which a neighbour counts in full and from which on not at all. */
const still = 3;
const moving = 12;
/** Pixels on either side that tell about a pixel. */
const reach = 2;

/** The same frames [size, size], all of one size, without what trembles; each comes when the next one is there. */
export async function* steadied<T extends { readonly image: Image }>(frames: AsyncIterable<T>): AsyncGenerator<T> {
  let before: Neighbour | null = null;
  let now: T | null = null;
  for await (const next of frames) {
    if (now !== null) {
      const likeness = likenessOf(now.image, next.image);
      yield { ...now, image: averaged(now.image, [before, { image: next.image, likeness }]) };
      before = { image: now.image, likeness };
    }
    now = next;
  }
  if (now !== null) yield { ...now, image: averaged(now.image, [before]) };
}

interface Neighbour {
  readonly image: Image;
  /** Weight of its pixels [size, size], 0 to 1. */
  readonly likeness: Float32Array;
}

function likenessOf({ data: a, width: size }: Image, { data: b }: Image): Float32Array {
  const change = new Float32Array(size * size);
  for (let i = 0, at = 0; i < change.length; i++, at += 3) change[i] = (Math.abs(a[at]! - b[at]!) + Math.abs(a[at + 1]! - b[at + 1]!) + Math.abs(a[at + 2]! - b[at + 2]!)) / 3;
  boxBlur(change, size, reach, new Float32Array(change.length));
  return change.map((levels) => Math.min(1, Math.max(0, (moving - levels) / (moving - still))));
}

function averaged({ data, width, height }: Image, neighbours: readonly (Neighbour | null)[]): Image {
  const sum = Float32Array.from(data);
  const weight = new Float32Array(width * height).fill(1);
  for (const neighbour of neighbours) {
    if (neighbour === null) continue;
    const { image, likeness } = neighbour;
    for (let at = 0; at < sum.length; at++) sum[at]! += likeness[Math.floor(at / 3)]! * image.data[at]!;
    for (let i = 0; i < weight.length; i++) weight[i]! += likeness[i]!;
  }
  return { data: Uint8Array.from(sum, (value, at) => Math.round(value / weight[Math.floor(at / 3)]!)), width, height };
}
