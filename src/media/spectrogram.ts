/** Log-mel spectrogram, whole or streaming with the same numbers, through fft.js. */
import FFT from "fft.js";
import type { MelSettings } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";

/** Smallest mel magnitude: quieter is silence. */
const floor = 1e-5;

/** One triangular band over the bins `first` .. `first + weights.length - 1`. */
interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Log-mel columns of mono sound: [columns, bands], natural logarithm of max(1e-5, mel magnitude). There is one column for each
 * started hop; column j is centred on sample `hop * j + hop / 2`, zeros lie outside the sound. Periodic Hann window, magnitude (not
 * power) spectrum, Slaney mel scale with area normalisation (librosa's default filters).
 */
export function logMel(samples: Float32Array, settings: MelSettings, sampleRateHz: number): Float32Array {
  const stream = createLogMelStream(settings, sampleRateHz);
  const head = stream.push(samples);
  const tail = stream.finish();
  const out = new Float32Array(head.length + tail.length);
  out.set(head);
  out.set(tail, head.length);
  return out;
}

export interface LogMelStream {
  /** Takes the next samples and returns the columns that they complete, [columns, bands]. */
  push(samples: Float32Array): Float32Array;
  /** The columns that reach beyond the end of the sound. The stream is used up. */
  finish(): Float32Array;
}

/** As `logMel`, block by block in constant memory. */
export function createLogMelStream(settings: MelSettings, sampleRateHz: number): LogMelStream {
  const { windowSamples, hopSamples, bands } = settings;
  checkSettings(settings, sampleRateHz);
  const column = createColumn(settings, sampleRateHz);
  const lead = (windowSamples - hopSamples) >> 1;
  // Sound from sample `start` on; the zeros before the first sample are part of it.
  let buffer: Float32Array = new Float32Array(lead);
  let received = 0;
  let made = 0;

  const run = (count: number): Float32Array => {
    const out = new Float32Array(count * bands);
    for (let j = 0; j < count; j++) column(buffer, j * hopSamples, out, j * bands);
    made += count;
    buffer = buffer.slice(count * hopSamples);
    return out;
  };
  return {
    push(samples) {
      const joined = new Float32Array(buffer.length + samples.length);
      joined.set(buffer);
      joined.set(samples, buffer.length);
      buffer = joined;
      received += samples.length;
      return run(Math.max(0, Math.floor((buffer.length - windowSamples) / hopSamples) + 1));
    },
    finish() {
      const left = Math.ceil(received / hopSamples) - made;
      const padded = new Float32Array(Math.max(buffer.length, left * hopSamples + windowSamples));
      padded.set(buffer);
      buffer = padded;
      return run(left);
    },
  };
}

/** A function that turns `windowSamples` of `sound` from `from` on into one column at `out[at]`. */
function createColumn(settings: MelSettings, sampleRateHz: number): (sound: Float32Array, from: number, out: Float32Array, at: number) => void {
  const { windowSamples, fftSize } = settings;
  const fft = new FFT(fftSize);
  const window = Float64Array.from({ length: windowSamples }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowSamples));
  const bands = melBands(settings, sampleRateHz);
  const input = new Float64Array(fftSize);
  const spectrum = new Float64Array(2 * fftSize);
  const magnitude = new Float64Array(fftSize / 2 + 1);
  return (sound, from, out, at) => {
    for (let i = 0; i < windowSamples; i++) input[i] = sound[from + i]! * window[i]!;
    fft.realTransform(spectrum, input);
    for (let k = 0; k < magnitude.length; k++) {
      const re = spectrum[2 * k]!;
      const im = spectrum[2 * k + 1]!;
      magnitude[k] = Math.sqrt(re * re + im * im);
    }
    bands.forEach((band, b) => {
      let sum = 0;
      for (let k = 0; k < band.weights.length; k++) sum += band.weights[k]! * magnitude[band.first + k]!;
      out[at + b] = Math.log(Math.max(floor, sum));
    });
  };
}

/** Slaney's mel scale: linear to 1 kHz (15 mel), logarithmic above (27 steps for a factor of 6.4). */
function hzToMel(hz: number): number {
  return hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
}

function melToHz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27);
}

function melBands(settings: MelSettings, sampleRateHz: number): Band[] {
  const { fftSize, bands, lowHz, highHz } = settings;
  const low = hzToMel(lowHz);
  const high = hzToMel(highHz);
  const edges = Array.from({ length: bands + 2 }, (_, i) => melToHz(low + ((high - low) * i) / (bands + 1)));
  return Array.from({ length: bands }, (_, b) => {
    const [left, centre, right] = [edges[b]!, edges[b + 1]!, edges[b + 2]!];
    const all = Array.from({ length: fftSize / 2 + 1 }, (_, k) => {
      const hz = (k * sampleRateHz) / fftSize;
      return (Math.max(0, Math.min((hz - left) / (centre - left), (right - hz) / (right - centre))) * 2) / (right - left);
    });
    const first = Math.max(0, all.findIndex((weight) => weight > 0));
    const last = all.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(all.slice(first, last + 1)) };
  });
}

function checkSettings(settings: MelSettings, sampleRateHz: number): void {
  const { windowSamples, hopSamples, fftSize, bands, lowHz, highHz } = settings;
  const counts = [windowSamples, hopSamples, fftSize, bands].every((value) => Number.isInteger(value) && value > 0);
  if (!counts || windowSamples < hopSamples || (windowSamples - hopSamples) % 2 !== 0 || fftSize < windowSamples || (fftSize & (fftSize - 1)) !== 0) {
    throw new TalkfaceError("bad-data", `mel settings ${JSON.stringify(settings)}: expected hop <= window <= FFT size, the last a power of two.`);
  }
  if (!(lowHz >= 0 && lowHz < highHz && highHz <= sampleRateHz / 2)) {
    throw new TalkfaceError("bad-data", `mel settings: ${lowHz} to ${highHz} Hz does not fit a sample rate of ${sampleRateHz} Hz.`);
  }
}
