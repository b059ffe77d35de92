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

/** How far formants move, as a factor of the mel axis (vocal tract length perturbation, Jaitly & Hinton 2013). */
const stretch = [0.88, 1.14] as const;

/** Standard deviation of the first term of the equaliser's cosine series; the k-th has 1/k of it. */
const equaliser = 0.3;
const equaliserTerms = 4;

const widestMask = 12;

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
