/**
 * Training speech as other rooms, microphones and voices would have it: with little footage a speech encoder learns its speakers by heart.
 * Works on log-mel windows that are relative to the level of the recording.
 */
import type { Random } from "../base/random.js";

/** Shares of the windows in which each change happens. */
const noisy = 0.5;
const masked = 0.5;

/** Natural logarithm of the noise relative to the recording's level: from hardly heard to a busy street. */
const noiseLevels = [-6, -1.5] as const;

/** Log of the most that speech is hurried or drawn out: 0.78 to 1.28 times as fast. */
const haste = 0.25;

/** How far formants move, as a factor of the mel axis (vocal tract length perturbation, Jaitly & Hinton 2013). */
const stretch = [0.88, 1.14] as const;

/** Standard deviation of the first term of the equaliser's cosine series; the k-th has 1/k of it. */
const equaliser = 0.3;
const equaliserTerms = 4;

const widestMask = 12;

/** How fast a window is played, 1 as it was; never so fast that it would need more than `most` times its length. */
export function varyPace(random: Random, most: number): number {
  return Math.min(most, Math.exp(random.uniform(-haste, haste)));
}

/**
 * Columns [bands, count] of log-mel played at another pace: column c shows the instant `first + pace c` of the source [bands, columns], between whose
 * columns it is interpolated. Voices keep their pitch and formants.
 */
export function playMel(source: Float32Array, bands: number, { first, pace, count }: { readonly first: number; readonly pace: number; readonly count: number }): Float32Array {
  const columns = source.length / bands;
  const out = new Float32Array(bands * count);
  for (let c = 0; c < count; c++) {
    const place = Math.min(columns - 1, Math.max(0, first + pace * c));
    const low = Math.min(columns - 2, Math.floor(place));
    const share = place - low;
    for (let band = 0; band < bands; band++) out[band * count + c] = (1 - share) * source[band * columns + low]! + share * source[band * columns + low + 1]!;
  }
  return out;
}

/** Changes a window [bands, columns] in place. */
export function varySpeech(mel: Float32Array, bands: number, random: Random): void {
  const columns = mel.length / bands;
  stretchBands(mel, bands, columns, random.uniform(...stretch));
  const curve = smoothCurve(bands, random);
  for (let band = 0; band < bands; band++) for (let i = band * columns; i < (band + 1) * columns; i++) mel[i]! += curve[band]!;
  if (random.uniform() < noisy) addNoise(mel, bands, columns, random);
  // SpecAugment (Park et al. 2019) along frequency: a masked band keeps its mean and tells nothing
  if (random.uniform() < masked) holdBands(mel, columns, random.integer(bands - widestMask), 1 + random.integer(widestMask));
}

/** Band b is read at b · factor. */
function stretchBands(mel: Float32Array, bands: number, columns: number, factor: number): void {
  const source = mel.slice();
  for (let band = 0; band < bands; band++) {
    const place = Math.min(bands - 1, band * factor);
    const low = Math.floor(place);
    const high = Math.min(bands - 1, low + 1);
    const share = place - low;
    for (let t = 0; t < columns; t++) mel[band * columns + t] = (1 - share) * source[low * columns + t]! + share * source[high * columns + t]!;
  }
}

/** A random curve over the bands without corners. */
function smoothCurve(bands: number, random: Random): number[] {
  const terms = Array.from({ length: equaliserTerms }, (_, k) => (random.normal() * equaliser) / (k + 1));
  return Array.from({ length: bands }, (_, band) => terms.reduce((sum, height, k) => sum + height * Math.cos((Math.PI * (k + 1) * (band + 0.5)) / bands), 0));
}

/** Steady noise with a spectrum of its own, added in power. */
function addNoise(mel: Float32Array, bands: number, columns: number, random: Random): void {
  const level = random.uniform(...noiseLevels);
  const curve = smoothCurve(bands, random);
  for (let band = 0; band < bands; band++) {
    const power = Math.exp(level + curve[band]!);
    for (let i = band * columns; i < (band + 1) * columns; i++) mel[i] = Math.log(Math.exp(mel[i]!) + power);
  }
}

function holdBands(mel: Float32Array, columns: number, first: number, count: number): void {
  for (let band = first; band < first + count; band++) {
    const row = mel.subarray(band * columns, (band + 1) * columns);
    row.fill(row.reduce((a, b) => a + b, 0) / columns);
  }
}
