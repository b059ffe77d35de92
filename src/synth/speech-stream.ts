/** Speech of any length as codes, one a video frame, in memory that does not grow with it: one pass for its level, one for the codes. */
import type { DataContract } from "../base/contract.js";
import { columnsPerFrame, melWindow, SpeechLevel } from "../features/speech.js";
import { readAudioBlocks } from "../media/audio.js";
import { createLogMelStream } from "../media/spectrogram.js";
import type { StageClock } from "./timings.js";

/** Samples read at a time: one second. */
const blockSamples = 16000;

export interface SpeechFacts {
  readonly samples: number;
  /** Video frames that show this sound, at least one. */
  readonly frames: number;
  readonly level: SpeechLevel;
}

/** Length and level of a sound. Throws `bad-media` where it is empty or cannot be read. */
export async function measureSpeech(path: string, contract: DataContract, clock: StageClock): Promise<SpeechFacts> {
  const level = new SpeechLevel();
  let samples = 0;
  const stream = createLogMelStream(contract.mel, contract.sampleRateHz);
  for await (const block of clock.waiting("decode", readAudioBlocks(path, blockSamples, { sampleRateHz: contract.sampleRateHz }))) {
    samples += block.length;
    await clock.during("features", () => level.add(stream.push(block), contract.mel.bands));
  }
  level.add(stream.finish(), contract.mel.bands);
  return { samples, frames: Math.max(1, Math.round((samples * contract.fps) / contract.sampleRateHz)), level };
}

export interface SpeechWindow {
  /** Number of the window's first frame. */
  readonly start: number;
  /** [M, 4 (frames + 2 context)] relative to the sound's level; overwritten by the next window. */
  readonly mel: Float32Array;
}

export interface WindowOptions {
  readonly contract: DataContract;
  /** As `SpeechLevel.reference`. */
  readonly reference: number;
  /** Frames of the whole sound; the last window may reach beyond them into silence. */
  readonly total: number;
  /** Frames of a window and on either side of it. */
  readonly frames: number;
  readonly context: number;
}

/** Mel windows of `frames` frames each, in order, until `total` frames are covered. */
export async function* speechWindows(path: string, options: WindowOptions, clock: StageClock): AsyncGenerator<SpeechWindow> {
  const { contract, reference, total, frames, context } = options;
  const bands = contract.mel.bands;
  const mel = new Float32Array(bands * columnsPerFrame * (frames + 2 * context));
  const stream = createLogMelStream(contract.mel, contract.sampleRateHz);
  let columns: Float32Array = new Float32Array(0); // [columns, bands] from column `origin` on
  let origin = 0;
  let start = 0;

  const append = (more: Float32Array): void => {
    // What lies before the next window's context is not needed any more.
    const needed = Math.max(origin, columnsPerFrame * (start - context));
    const rest = columns.subarray((needed - origin) * bands);
    const joined = new Float32Array(rest.length + more.length);
    joined.set(rest);
    joined.set(more, rest.length);
    columns = joined;
    origin = needed;
  };
  const cut = (): SpeechWindow => {
    melWindow(columns, { settings: contract.mel, reference, start, frames, context, origin }, mel);
    start += frames;
    return { start: start - frames, mel };
  };
  const isComplete = (): boolean => origin + columns.length / bands >= columnsPerFrame * (start + frames + context);

  for await (const block of clock.waiting("decode", readAudioBlocks(path, blockSamples, { sampleRateHz: contract.sampleRateHz }))) {
    await clock.during("features", () => append(stream.push(block)));
    while (start < total && isComplete()) yield cut();
  }
  append(stream.finish());
  while (start < total) yield cut();
}
