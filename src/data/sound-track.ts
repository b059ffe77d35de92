/** The sound of one file, read once from front to back while the pictures are read, in little memory. */
import { readAudioBlocks } from "../media/audio.js";
import type { MediaInfo } from "../media/probe.js";

const blockSamples = 16_000;

export class SoundTrack {
  readonly #blocks: AsyncGenerator<Float32Array>;
  #held: { start: number; samples: Float32Array }[] = [];
  #end = 0;
  #isOver = false;

  /** `info` is what `probe` said of the file, where it was asked already. */
  constructor(path: string, info?: MediaInfo) {
    this.#blocks = readAudioBlocks(path, blockSamples, info === undefined ? {} : { info });
  }

  /** Samples [start, end) of the file, fewer where it ends. Ranges come in order: what lies before `start` is forgotten. */
  async range(start: number, end: number): Promise<Float32Array> {
    this.#held = this.#held.filter((block) => block.start + block.samples.length > start);
    while (!this.#isOver && this.#end < end) {
      const next = await this.#blocks.next();
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

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
  }
}
