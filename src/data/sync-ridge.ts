/** Ridge regression from the speech around a frame to the opening of the mouth, fitted in folds so that no clip predicts itself. */
import { speechBands, speechWidth } from "./sync-evidence.js";

/** Frames of speech on either side. */
const context = 6;
const inputs = (2 * context + 1) * speechBands;

/** Sums from which the regression is solved; sums of several sets of clips add up. */
export interface RidgeSums {
  /** [D,D], upper triangle. */
  readonly gram: Float64Array;
  /** [D] */
  readonly moment: Float64Array;
}

export function emptySums(): RidgeSums {
  return { gram: new Float64Array(inputs * inputs), moment: new Float64Array(inputs) };
}

/**
 * Adds a clip: `opening` [T] of frame t against the speech [T,21] around frame t - offset (see manifest.ts for the sign).
 * Both are used as differences from the clip's means: rooms and microphones differ.
 */
export function addClip(sums: RidgeSums, opening: Float32Array, speech: Float32Array, offset: number, weight: number): void {
  const bands = centredBands(speech);
  const frames = opening.length;
  let middle = 0;
  for (const value of opening) middle += value / frames;
  const { gram, moment } = sums;
  const row = new Float64Array(inputs);
  for (let t = Math.max(0, offset); t < Math.min(frames, frames + offset); t++) {
    gather(bands, t - offset, row);
    const target = (opening[t]! - middle) * weight;
    for (let i = 0; i < inputs; i++) {
      const scaled = row[i]! * weight;
      moment[i] = moment[i]! + row[i]! * target;
      const at = i * inputs;
      for (let j = i; j < inputs; j++) gram[at + j] = gram[at + j]! + scaled * row[j]!;
    }
  }
}

/** `a - b`, or `a + b` with sign 1. */
export function combineSums(a: RidgeSums, b: RidgeSums, sign: 1 | -1): RidgeSums {
  return {
    gram: a.gram.map((value, i) => value + sign * b.gram[i]!),
    moment: a.moment.map((value, i) => value + sign * b.moment[i]!),
  };
}

/** Weights [D]. The penalty is a share of the mean power of an input, so that it does not depend on how much data there is in the sums. */
export function solveRidge({ gram, moment }: RidgeSums, penalty = 0.03): Float64Array {
  let power = 0;
  for (let i = 0; i < inputs; i++) power += gram[i * inputs + i]! / inputs;
  // Cholesky: gram + penalty I = U'U, U upper; then two triangular solves.
  const upper = gram.slice();
  for (let i = 0; i < inputs; i++) upper[i * inputs + i] = upper[i * inputs + i]! + penalty * power + 1e-9;
  for (let k = 0; k < inputs; k++) {
    const pivot = Math.sqrt(Math.max(upper[k * inputs + k]!, 1e-12));
    for (let j = k; j < inputs; j++) upper[k * inputs + j] = upper[k * inputs + j]! / pivot;
    for (let i = k + 1; i < inputs; i++) {
      const factor = upper[k * inputs + i]!;
      for (let j = i; j < inputs; j++) upper[i * inputs + j] = upper[i * inputs + j]! - factor * upper[k * inputs + j]!;
    }
  }
  const x = moment.slice();
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < i; k++) x[i] = x[i]! - upper[k * inputs + i]! * x[k]!;
    x[i] = x[i]! / upper[i * inputs + i]!;
  }
  for (let i = inputs - 1; i >= 0; i--) {
    for (let j = i + 1; j < inputs; j++) x[i] = x[i]! - upper[i * inputs + j]! * x[j]!;
    x[i] = x[i]! / upper[i * inputs + i]!;
  }
  return x;
}

/** Predicted opening [T] of a clip with the speech [T,21]. */
export function predictOpening(weights: Float64Array, speech: Float32Array): Float32Array {
  const bands = centredBands(speech);
  const row = new Float64Array(inputs);
  return Float32Array.from({ length: bands.length / speechBands }, (_, t) => {
    gather(bands, t, row);
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += row[i]! * weights[i]!;
    return sum;
  });
}

/** Inputs of frame `t`: the bands of frames t - 6 .. t + 6, edge frames repeated. */
function gather(bands: Float32Array, t: number, row: Float64Array): void {
  const last = bands.length / speechBands - 1;
  for (let k = -context, at = 0; k <= context; k++) {
    const from = Math.min(last, Math.max(0, t + k)) * speechBands;
    for (let b = 0; b < speechBands; b++) row[at++] = bands[from + b]!;
  }
}

function centredBands(speech: Float32Array): Float32Array {
  const frames = speech.length / speechWidth;
  const out = new Float32Array(frames * speechBands);
  for (let b = 0; b < speechBands; b++) {
    let sum = 0;
    for (let t = 0; t < frames; t++) sum += speech[t * speechWidth + b]!;
    for (let t = 0; t < frames; t++) out[t * speechBands + b] = speech[t * speechWidth + b]! - sum / frames;
  }
  return out;
}
