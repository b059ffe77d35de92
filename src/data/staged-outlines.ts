/** What is held of the staged videos until all are there: half a million clips in columns of numbers, a few bytes each. */
import type { Drop, StagedVideo } from "./staging.js";

/** A part of a video, without its files and the places of their members, which take a hundred times as much. */
export interface PartOutline {
  /** Number of the video. */
  readonly video: number;
  /** Among the parts of the video. */
  readonly index: number;
  readonly startFrame: number;
  readonly frames: number;
  readonly silent: boolean;
}

const columns = ["video", "index", "startFrame", "frames", "silent"] as const;

/** Outlines by the number of the video, which come in any order, each once. */
export class StagedOutlines {
  readonly #columns = Object.fromEntries(columns.map((name) => [name, new Uint32Array(64)])) as Record<(typeof columns)[number], Uint32Array>;
  /** Few videos have any. */
  readonly #drops = new Map<number, readonly Drop[]>();
  #videos = 0;
  #empty = 0;
  #length = 0;

  /** Number of videos that were added. */
  get videos(): number {
    return this.#videos;
  }

  /** Number of videos without a part. */
  get empty(): number {
    return this.#empty;
  }

  /** Number of parts, of all videos. */
  get length(): number {
    return this.#length;
  }

  add(video: number, { parts, drops }: Pick<StagedVideo, "parts" | "drops">): void {
    this.#videos++;
    if (parts.length === 0) this.#empty++;
    if (drops.length > 0) this.#drops.set(video, drops);
    parts.forEach(({ startFrame, frames, silent }, index) => this.#push({ video, index, startFrame, frames, silent: Number(silent) }));
  }

  /** Part `i` in the order of adding. */
  at(i: number): PartOutline {
    const of = (name: (typeof columns)[number]): number => this.#columns[name][i]!;
    return { video: of("video"), index: of("index"), startFrame: of("startFrame"), frames: of("frames"), silent: of("silent") === 1 };
  }

  /** Parts that are no clips, or whole videos, by the number of the video. */
  *drops(): Generator<readonly [video: number, drop: Drop]> {
    for (const video of [...this.#drops.keys()].sort((a, b) => a - b)) {
      for (const drop of this.#drops.get(video)!) yield [video, drop];
    }
  }

  #push(part: Record<(typeof columns)[number], number>): void {
    for (const name of columns) {
      let column = this.#columns[name];
      if (this.#length === column.length) {
        column = new Uint32Array(2 * column.length);
        column.set(this.#columns[name]);
        this.#columns[name] = column;
      }
      column[this.#length] = part[name];
    }
    this.#length++;
  }
}
