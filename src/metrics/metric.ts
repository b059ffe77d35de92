/** What a score is to whoever computes it over clips. */
import type { Image } from "../media/image.js";

/** One frame of a video; mesh [478,3] in pixels of the picture, null where no face is seen or none is looked for. */
export interface Frame {
  readonly image: Image;
  readonly mesh: Float32Array | null;
}

/** The same instant of two videos. */
export interface FramePair {
  readonly made: Frame;
  /** Null where there is nothing to compare with. */
  readonly real: Frame | null;
  /** The generator was given this very frame: it counts for movement, not for likeness. */
  readonly shown: boolean;
}

/**
 * `one size`: frames of both videos must have as many pixels. `faces`: meshes are looked for. `sound`: a clip without sound has no value. `emotion`: a clip whose emotion nobody
 * names has none.
 */
export type Need = "one size" | "faces" | "sound" | "emotion";

export interface ScoreName {
  /** What the score is called in tables and JSON. */
  readonly name: string;
  readonly unit: string;
  /** `nearer real`: neither more nor less is better, the real video's own value is the mark. */
  readonly better: "higher" | "lower" | "near 1" | "near 0" | "nearer real";
}

export interface Metric {
  /** What it is asked for by: `ssim`, `ssim:gaussian`. */
  readonly name: string;
  readonly title: string;
  /** The scores that it gives, the main one first. */
  readonly scores: readonly ScoreName[];
  /** `full`: made frames against real ones. `none`: the made video alone. */
  readonly reference: "full" | "none";
  readonly needs: readonly Need[];
  /** It says whether speech and mouth belong together: the only kind that means something with another clip's speech. */
  readonly speech?: boolean;
  /** Everything that must be equal for two figures to compare. */
  readonly protocol: string;
  /** Digest of the networks that are not part of the toolkit's code, null where they are not here: it belongs to the protocol. */
  readonly weights?: () => Promise<string | null>;
  /** Begins a clip. Throws `bad-model` or `missing-file` where a network is not there. */
  readonly start: (clip: ClipContext) => Scorer | Promise<Scorer>;
  /** Scores of a whole set, from the `pool` of every clip, in place of the mean over clips. */
  readonly combine?: (pools: readonly Float64Array[]) => Readonly<Record<string, number>>;
}

export interface ClipContext {
  readonly tools: Tools;
  /** Frames a second of both videos. */
  readonly fps: number;
  /** The sound that belongs to the made video, mono at 16 kHz, from its first frame on, block by block; null where there is none. */
  readonly sound: (() => AsyncIterable<Float32Array>) | null;
  /** What the clip is labelled with (base/emotions.ts); null where nobody says. */
  readonly emotion: string | null;
}

export interface Scorer {
  /** Pairs come in order. Neither pictures nor meshes may be kept without a copy being bounded: videos are of any length. */
  add(pair: FramePair): void | Promise<void>;
  /** After the last pair; `lengths` are the frames of both whole videos. */
  finish(lengths: Lengths): Finished | Promise<Finished>;
}

export interface Lengths {
  readonly made: number;
  /** 0 where there is no real video. */
  readonly real: number;
}

export interface Scores {
  /** By the names of the metric's scores; a metric that combines clips may leave out what one clip has no value of. */
  readonly values: Readonly<Record<string, number>>;
  /** Frames, or pairs of them, that were used. */
  readonly frames: number;
  /** The main score frame by frame; NaN where a frame has none. */
  readonly perFrame?: readonly number[];
  /** What else is worth a look over time, by name: one value a frame, NaN where there is none. */
  readonly curves?: Readonly<Record<string, readonly number[]>>;
  /** What `combine` needs of this clip. */
  readonly pool?: readonly number[];
}

/** Why a clip has no value. */
export interface Missing {
  readonly missing: string;
}

export type Finished = Scores | Missing;

/** Networks and tables that metrics share, opened when the first clip needs them. */
export class Tools {
  readonly #open = new Map<string, Promise<unknown>>();

  /** What `open` gives, once for each name; a failure is told to every clip that asks. */
  once<T>(name: string, open: () => Promise<T>): Promise<T> {
    let tool = this.#open.get(name) as Promise<T> | undefined;
    if (tool === undefined) {
      tool = open();
      tool.catch(() => undefined);
      this.#open.set(name, tool);
    }
    return tool;
  }
}

/** The mean over frames of one number a frame; null leaves a frame out, `nothing` says why all may be. Frames that were shown are left out. */
export function meanOverFrames(name: string, nothing: string, measure: (pair: FramePair) => number | null | Promise<number | null>): Scorer {
  const perFrame: number[] = [];
  let [sum, frames] = [0, 0];
  return {
    async add(pair) {
      const value = pair.shown ? null : await measure(pair);
      perFrame.push(value ?? Number.NaN);
      if (value === null) return;
      sum += value;
      frames++;
    },
    finish: () => (frames === 0 ? { missing: nothing } : { values: { [name]: sum / frames }, frames, perFrame }),
  };
}
