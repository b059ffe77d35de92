/** MFCC as python_speech_features computes them by default: what SyncNet was trained on. */
import FFT from "fft.js";

const rate = 16000;
const frameSamples = 400;
const stepSamples = 160;
const fftSize = 512;
const filterCount = 26;
const coefficientCount = 13;
const lifter = 22;
const epsilon = 2.220446049250313e-16;

/**
 * MFCC [T, 13] of 16 kHz mono sound, 100 rows a second, the first window at sample 0. `samples` are in int16 magnitudes (about
 * -32768..32767), not -1..1: coefficient 0 is the logarithm of the energy.
 */
export function mfcc(samples: ArrayLike<number>): Float32Array {
  const frames = samples.length <= frameSamples ? 1 : 1 + Math.ceil((samples.length - frameSamples) / stepSamples);
  const fft = new FFT(fftSize);
  const filters = melFilters();
  const cosines = dctMatrix();
  const input = new Float64Array(fftSize);
  const spectrum = new Float64Array(2 * fftSize);
  const power = new Float64Array(fftSize / 2 + 1);
  const logs = new Float64Array(filterCount);
  const out = new Float32Array(frames * coefficientCount);
  for (let t = 0; t < frames; t++) {
    // The window is rectangular; pre-emphasis runs over the whole signal, so the sample before the window counts.
    for (let i = 0; i < frameSamples; i++) {
      const n = t * stepSamples + i;
      input[i] = n < samples.length ? samples[n]! - (n === 0 ? 0 : 0.97 * samples[n - 1]!) : 0;
    }
    fft.realTransform(spectrum, input);
    let energy = 0;
    for (let k = 0; k < power.length; k++) {
      power[k] = (spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2) / fftSize;
      energy += power[k]!;
    }
    filters.forEach((filter, j) => {
      let sum = 0;
      for (let k = 0; k < filter.length; k++) sum += filter[k]! * power[k]!;
      logs[j] = Math.log(sum === 0 ? epsilon : sum);
    });
    for (let n = 0; n < coefficientCount; n++) {
      let sum = 0;
      for (let j = 0; j < filterCount; j++) sum += cosines[n * filterCount + j]! * logs[j]!;
      out[t * coefficientCount + n] = sum * (1 + (lifter / 2) * Math.sin((Math.PI * n) / lifter));
    }
    out[t * coefficientCount] = Math.log(energy === 0 ? epsilon : energy);
  }
  return out;
}

/** Triangles between whole bins on the HTK mel scale, without area normalisation: [26] of [257]. */
function melFilters(): Float64Array[] {
  const high = 2595 * Math.log10(1 + rate / 2 / 700);
  const bins = Array.from({ length: filterCount + 2 }, (_, i) => {
    const hz = 700 * (10 ** ((high * i) / (filterCount + 1) / 2595) - 1);
    return Math.floor(((fftSize + 1) * hz) / rate);
  });
  return Array.from({ length: filterCount }, (_, j) => {
    const [left, centre, right] = [bins[j]!, bins[j + 1]!, bins[j + 2]!];
    const filter = new Float64Array(fftSize / 2 + 1);
    for (let k = left; k < centre; k++) filter[k] = (k - left) / (centre - left);
    for (let k = centre; k < right; k++) filter[k] = (right - k) / (right - centre);
    return filter;
  });
}

/** Orthonormal DCT of type II: [13, 26]. */
function dctMatrix(): Float64Array {
  const matrix = new Float64Array(coefficientCount * filterCount);
  for (let n = 0; n < coefficientCount; n++) {
    const scale = Math.sqrt((n === 0 ? 1 : 2) / filterCount);
    for (let j = 0; j < filterCount; j++) matrix[n * filterCount + j] = scale * Math.cos((Math.PI * n * (2 * j + 1)) / (2 * filterCount));
  }
  return matrix;
}
