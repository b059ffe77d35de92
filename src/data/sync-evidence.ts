/** What mouth and sound say about the offset between them: features of both, their correlation by lag, and its weight as evidence. */

/** Offsets looked at: -10 .. +10 frames. */
export const maxOffset = 10;
export const offsetCount = 2 * maxOffset + 1;

/** Bands of speech per frame that predict the mouth; the loudness stands behind them. */
export const speechBands = 20;
export const speechWidth = speechBands + 1;

/** Below this many common frames a correlation says nothing. */
const fewestFrames = 15;

/**
 * Opening of the outer lips over the distance of the outer eye corners, less the clip's median.
 * `landmarks`: [T,68,2] crop px. Inner lips would be closer to the matter but stay shut on dark mouths (measured).
 */
export function mouthOpening(landmarks: Float32Array, frames: number): Float32Array {
  const opening = new Float32Array(frames);
  for (let t = 0; t < frames; t++) {
    const distance = (i: number, j: number): number => {
      const p = (t * 68 + i) * 2;
      const q = (t * 68 + j) * 2;
      return Math.hypot(landmarks[p]! - landmarks[q]!, landmarks[p + 1]! - landmarks[q + 1]!);
    };
    const eyes = Math.max(1e-3, distance(36, 45));
    opening[t] = (distance(50, 58) + distance(51, 57) + distance(52, 56)) / 3 / eyes;
  }
  const middle = median(opening);
  return opening.map((value) => value - middle);
}

/**
 * Speech features [T,21]: log-mel averaged to 20 bands and to frames, then the loudness (log energy).
 * `logMel`: [4 T, bands], `samples`: [S >= 640 T], both of the same clip.
 */
export function speechFeatures(logMel: Float32Array, bands: number, samples: Float32Array, frames: number): Float32Array {
  const out = new Float32Array(frames * speechWidth);
  const columns = 4;
  const samplesPerFrame = 640;
  const group = bands / speechBands;
  for (let t = 0; t < frames; t++) {
    for (let b = 0; b < bands; b++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += logMel[(t * columns + c) * bands + b] ?? 0;
      const at = t * speechWidth + Math.floor(b / group);
      out[at] = out[at]! + sum / (columns * group);
    }
    let energy = 0;
    for (let s = t * samplesPerFrame; s < (t + 1) * samplesPerFrame; s++) energy += (samples[s] ?? 0) ** 2;
    out[t * speechWidth + speechBands] = Math.log(Math.sqrt(energy / samplesPerFrame) + 1e-3);
  }
  return out;
}

/** First prediction of the mouth: loudness, smoothed over three frames. [T] from [T,21]. */
export function loudnessPrediction(speech: Float32Array): Float32Array {
  const frames = speech.length / speechWidth;
  const loudness = (t: number): number => speech[Math.min(frames - 1, Math.max(0, t)) * speechWidth + speechBands]!;
  return Float32Array.from({ length: frames }, (_, t) => loudness(t - 1) / 4 + loudness(t) / 2 + loudness(t + 1) / 4);
}

/** Correlation and its weight for each offset. */
export interface OffsetCurve {
  /** [21]: Pearson correlation of opening[t] with predicted[t - offset], offset = index - 10. */
  readonly correlation: Float64Array;
  /** [21]: log likelihood of each offset, 0 for none: adds up over clips with the same offset. */
  readonly evidence: Float64Array;
}

/**
 * Compares the mouth with its prediction at every offset. `evidence` is the log likelihood of a linear relation with the noise that
 * the correlation leaves, -n/2 log(1 - r^2) for r > 0, n being the number of independent frames (Bartlett's formula).
 */
export function offsetCurve(opening: Float32Array, predicted: Float32Array): OffsetCurve {
  const frames = opening.length;
  const correlation = new Float64Array(offsetCount);
  const evidence = new Float64Array(offsetCount);
  const independent = independentShare(opening, predicted);
  for (let i = 0; i < offsetCount; i++) {
    const offset = i - maxOffset;
    const from = Math.max(0, offset);
    const count = frames - Math.abs(offset);
    if (count < fewestFrames) continue;
    const r = pearson(opening.subarray(from, from + count), predicted.subarray(from - offset, from - offset + count));
    correlation[i] = r;
    // All offsets weigh their correlation with the same number of frames: the shorter overlap of large ones is no evidence by itself.
    if (r > 0) evidence[i] = -0.5 * independent * (frames - maxOffset) * Math.log(1 - Math.min(0.999, r) ** 2);
  }
  return { correlation, evidence };
}

/** Frames that count as independent, as a share of all: 1 / (1 + 2 sum rho_a(j) rho_b(j)). */
function independentShare(a: Float32Array, b: Float32Array): number {
  const p = autocorrelation(a);
  const q = autocorrelation(b);
  let sum = 1;
  for (let j = 0; j < p.length; j++) sum += 2 * p[j]! * q[j]!;
  return 1 / Math.max(1, sum);
}

/** Lags 1 .. 12, up to the first that is not positive (later ones are noise). */
function autocorrelation(x: Float32Array): number[] {
  const middle = mean(x);
  let power = 0;
  for (const value of x) power += (value - middle) ** 2;
  const out: number[] = [];
  for (let lag = 1; lag <= 12; lag++) {
    let sum = 0;
    for (let t = lag; t < x.length; t++) sum += (x[t]! - middle) * (x[t - lag]! - middle);
    const value = power > 0 ? sum / power : 0;
    out.push(value > 0 && (lag === 1 || out[lag - 2]! > 0) ? value : 0);
  }
  return out;
}

function pearson(a: Float32Array, b: Float32Array): number {
  const ma = mean(a);
  const mb = mean(b);
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i]! - ma;
    const y = b[i]! - mb;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 1e-12 && bb > 1e-12 ? ab / Math.sqrt(aa * bb) : 0;
}

function mean(x: Float32Array): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum / Math.max(1, x.length);
}

function median(x: Float32Array): number {
  const sorted = x.slice().sort();
  return sorted.length === 0 ? 0 : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
