/** Log-mel windows of speech: level and cut are the same for training and synthesis. */
import type { MelSettings } from "../base/contract.js";

/** Columns of log-mel a video frame. */
export const columnsPerFrame = 4;

/** Below this level (mean natural-log mel magnitude of loud columns) a sound counts as silent and is not raised. */
export const silenceLevel = -7;

const floor = Math.log(1e-5);

/** Log-mel of silence relative to the reference of a silent sound. */
export const silentColumn = Math.log(1e-5) - silenceLevel;

/** Keeps the loudness statistics of a sound that arrives in blocks. */
export class SpeechLevel {
  readonly #counts = new Float64Array(256);
  #columns = 0;

  /** mel: [columns, bands]. */
  add(mel: Float32Array, bands: number): void {
    for (let c = 0; c * bands < mel.length; c++) {
      let mean = 0;
      for (let b = 0; b < bands; b++) mean += mel[c * bands + b]! / bands;
      const bin = Math.round(((mean - floor) / 16) * 255);
      this.#counts[Math.max(0, Math.min(255, bin))]! += 1;
      this.#columns += 1;
    }
  }

  /** The 90th percentile of the columns' mean log-mel. */
  get loudness(): number {
    let left = this.#columns * 0.1;
    for (let bin = 255; bin >= 0; bin--) {
      left -= this.#counts[bin]!;
      if (left <= 0 && this.#columns > 0) return floor + (bin / 255) * 16;
    }
    return floor;
  }

  get isSilent(): boolean {
    return this.loudness < silenceLevel;
  }

  /** What is subtracted from log-mel, so that recordings of different gain look alike; silence stays silence. */
  get reference(): number {
    return Math.max(this.loudness, silenceLevel);
  }
}

export function levelOf(mel: Float32Array, bands: number): SpeechLevel {
  const level = new SpeechLevel();
  level.add(mel, bands);
  return level;
}

/** Loudness of frame `t` of a mel window [M, columns] (as `melWindow` writes it) in dB relative to its reference: mean over bands and columns. */
export function frameLoudness(mel: Float32Array, { bands, t, context }: { readonly bands: number; readonly t: number; readonly context: number }): number {
  const columns = mel.length / bands;
  const first = columnsPerFrame * (context + t);
  let sum = 0;
  for (let b = 0; b < bands; b++) for (let c = first; c < first + columnsPerFrame; c++) sum += mel[b * columns + c]!;
  return ((20 / Math.LN10) * sum) / (bands * columnsPerFrame);
}

/**
 * The window of frames [start, start + frames) with `context` frames on either side, as bands x columns: [M, 4 (frames + 2 context)].
 * Columns outside `mel` [columns, M] (whose first column is number `origin`) are silence.
 */
export function melWindow(
  mel: Float32Array,
  options: { readonly settings: MelSettings; readonly reference: number; readonly start: number; readonly frames: number; readonly context: number; readonly origin?: number },
  out: Float32Array,
): void {
  const { settings, reference, start, frames, context, origin = 0 } = options;
  const bands = settings.bands;
  const columns = columnsPerFrame * (frames + 2 * context);
  const first = columnsPerFrame * (start - context) - origin;
  const available = mel.length / bands;
  for (let c = 0; c < columns; c++) {
    const source = first + c;
    const inside = source >= 0 && source < available;
    for (let b = 0; b < bands; b++) out[b * columns + c] = (inside ? mel[source * bands + b]! : floor) - reference;
  }
}
