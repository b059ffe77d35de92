/** The sound of one file, read once from front to back while the pictures are read, in little memory. */
import { rm, stat } from "node:fs/promises";
import { readAudioBlocks, readWrittenBlocks, soundOptions } from "../media/audio.js";
import type { FfmpegOutput } from "../media/ffmpeg.js";
import type { MediaInfo } from "../media/probe.js";

const blockSamples = 16_000;
/** No sample louder than this (of 1): digital silence and its dither. */
const silencePeak = 0.002;
/** Of longer files the sound has a process of its own: the start of one counts little there, and parts need sound before the pictures have ended. */
const shortSeconds = 20;
export interface SoundTrackOptions {
  /** What `probe` said of the file, where it was asked already. */
  readonly info?: MediaInfo;
  /** A path for the sound of a short file while its pictures are read, where both come from one file; gone after `close`. */
  readonly scratch?: string;
  /** Which file of those that the process reads it is, counted from 0. */
  readonly input?: number;
  /** A file that holds more sound than it says fills no disk: ffmpeg stops here. By default twice what short files hold. */
  readonly mostBytes?: number;
}

/** The sound of a video: its own, or that of the file beside it where it has none or that one is better. Null where there is neither. */
export function soundOf({ path, wavPath, prefersWav }: SoundSource, info: MediaInfo, scratch: string, input = 0): SoundTrack | null {
  const from = info.audio === null || (prefersWav && wavPath !== null) ? wavPath : path;
  return from === null ? null : new SoundTrack(from, from === path ? { info, scratch, input } : {});
}

export interface SoundSource {
  readonly path: string;
  readonly wavPath: string | null;
  /** The sound beside is taken even where the video has some. */
  readonly prefersWav: boolean;
}

export function isSilent(samples: Float32Array): boolean {
  return !samples.some((value) => Math.abs(value) > silencePeak);
}

export class SoundTrack {
  /** What the process that reads the pictures is to write beside them; null where the sound is read by itself. */
  readonly beside: FfmpegOutput | null;
  readonly #path: string;
  readonly #info: MediaInfo | undefined;
  readonly #mostBytes: number;
  #isWritten = false;
  #blocks: AsyncGenerator<Float32Array> | null = null;
  #held: { start: number; samples: Float32Array }[] = [];
  #end = 0;
  #isOver = false;

  constructor(path: string, { info, scratch, input = 0, mostBytes = 2 * shortSeconds * 16_000 * 4 }: SoundTrackOptions = {}) {
    this.#path = path;
    this.#info = info;
    this.#mostBytes = mostBytes;
    const isShort = info?.durationSeconds != null && info.durationSeconds <= shortSeconds;
    this.beside = scratch !== undefined && isShort ? { path: scratch, options: [...soundOptions(info, path, { input }), "-fs", String(mostBytes)] } : null;
  }

  /** Passes on the pictures whose process writes `beside`: when they have ended, so has the sound. */
  async *with<T>(pictures: AsyncIterable<T>): AsyncGenerator<T> {
    yield* pictures;
    this.#isWritten = this.beside !== null && (await stat(this.beside.path)).size < this.#mostBytes;
  }

  /** Samples [start, end) of the file, fewer where it ends. Ranges come in order: what lies before `start` is forgotten. */
  async range(start: number, end: number): Promise<Float32Array> {
    const blocks = (this.#blocks ??= this.#open());
    this.#held = this.#held.filter((block) => block.start + block.samples.length > start);
    while (!this.#isOver && this.#end < end) {
      const next = await blocks.next();
      if (next.done === true) {
        this.#isOver = true;
        break;
      }
      if (this.#end + next.value.length > start) this.#held.push({ start: this.#end, samples: next.value });
      this.#end += next.value.length;
    }
    const out = new Float32Array(Math.max(0, Math.min(end, this.#end) - start));
    for (const block of this.#held) {
      const from = Math.max(start, block.start);
      const to = Math.min(start + out.length, block.start + block.samples.length);
      if (to > from) out.set(block.samples.subarray(from - block.start, to - block.start), from - start);
    }
    return out;
  }

  /** Samples of the whole file, `most` where there are more. Nothing is heard after that. */
  async length(most: number): Promise<number> {
    this.#held = [];
    const blocks = (this.#blocks ??= this.#open());
    while (!this.#isOver && this.#end < most) {
      const next = await blocks.next();
      if (next.done === true) this.#isOver = true;
      else this.#end += next.value.length;
    }
    return Math.min(most, this.#end);
  }

  async close(): Promise<void> {
    await this.#blocks?.return(undefined);
    if (this.beside !== null) await rm(this.beside.path, { force: true });
  }

  /** A range that is wanted before the pictures have ended (a cut) does not wait for them: nobody would read on meanwhile. */
  #open(): AsyncGenerator<Float32Array> {
    if (this.beside !== null && this.#isWritten) return readWrittenBlocks(this.beside.path, this.#path, blockSamples);
    return readAudioBlocks(this.#path, blockSamples, this.#info === undefined ? {} : { info: this.#info });
  }
}
