import { expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { playMel, varyPace, varySpeech } from "../../src/features/speech-variation.js";

const [bands, columns] = [80, 64];

/** A tone that comes and goes in one band, over silence. */
function tone(band: number): Float32Array {
  const mel = new Float32Array(bands * columns).fill(-6);
  for (let t = 0; t < columns; t++) mel[band * columns + t] = t % 16 < 8 ? 3 : -6;
  return mel;
}

const varied = (mel: Float32Array, seed: number): Float32Array => {
  const copy = mel.slice();
  varySpeech(copy, bands, new Random(seed));
  return copy;
};

it("is the same for the same random numbers and differs for others", () => {
  expect(varied(tone(20), 1)).toEqual(varied(tone(20), 1));
  expect(varied(tone(20), 1)).not.toEqual(varied(tone(20), 2));
});

it("keeps when something is said, and moves the band in which it is", () => {
  let moved = 0;
  for (let seed = 0; seed < 40; seed++) {
    const mel = varied(tone(40), seed);
    expect(mel.every(Number.isFinite)).toBe(true);
    const loudness = Array.from({ length: columns }, (_, t) => Math.max(...Array.from({ length: bands }, (_, band) => mel[band * columns + t]!)));
    const mean = (said: boolean): number => loudness.filter((_, t) => t % 16 < 8 === said).reduce((a, b) => a + b, 0) / (columns / 2);
    if (mean(true) - mean(false) < 0.5) continue; // the mask may lie just there
    const loudest = Array.from({ length: bands }, (_, band) => mel[band * columns]!).reduce((best, value, band, all) => (value > all[best]! ? band : best), 0);
    moved += Number(loudest !== 40);
    expect(Math.abs(loudest - 40)).toBeLessThan(8);
  }
  expect(moved).toBeGreaterThan(15);
});

it("plays speech faster and slower, each instant at its place", () => {
  const ramp = Float32Array.from({ length: bands * columns }, (_, i) => (i % columns) + Math.floor(i / columns));
  const played = playMel(ramp, bands, { first: 2.5, pace: 1.2, count: 40 });
  for (const band of [0, 40, 79]) for (const c of [0, 17, 39]) expect(played[band * 40 + c]).toBeCloseTo(2.5 + 1.2 * c + band, 3);
  expect(playMel(ramp, bands, { first: 0, pace: 1, count: columns })).toEqual(ramp);
});

it("is never so fast that the window would not do", () => {
  const paces = Array.from({ length: 200 }, (_, seed) => varyPace(new Random(seed), 1.1));
  expect(Math.max(...paces)).toBe(1.1);
  expect(Math.min(...paces)).toBeGreaterThan(0.75);
  expect(Math.min(...paces)).toBeLessThan(0.85);
});
