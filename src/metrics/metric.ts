/** What a score is to whoever computes it over clips: one value. */
import type { IdentityNet } from "../face/identity.js";
import type { Image } from "../media/image.js";
import type { SyncNet } from "./syncnet/expert.js";

/** The same instant of two videos; meshes [478,3] in pixels of their picture, null where no face is seen, absent where no metric needs them. */
export interface FramePair {
  readonly made: Image;
  readonly real: Image;
  readonly meshes?: { readonly made: Float32Array | null; readonly real: Float32Array | null };
}

/** What metrics may need beside frames, opened once for all clips. */
export interface Tools {
  readonly identity: IdentityNet | null;
  readonly syncnet: SyncNet | null;
}

/** The clip that is scored; `shared` is for what several metrics take from one computation. */
export interface Scored {
  readonly made: string;
  readonly real: string;
  readonly shared: Map<string, unknown>;
}

export type Need = "faces" | "identity" | "one size" | "syncnet";

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower" | "near 1" | "near 0";
  /** Everything that must be equal for two figures to compare. */
  readonly protocol: string;
  readonly needs: readonly Need[];
  /** For one clip. */
  readonly start: (tools: Tools, clip: Scored) => Scorer;
}

export interface Scorer {
  add(pair: FramePair): void | Promise<void>;
  /** After the last pair; `lengths` are the frames of both videos. */
  finish(lengths: { readonly made: number; readonly real: number }): Score | Missing | Promise<Score | Missing>;
}

export interface Score {
  readonly value: number;
  /** Frames, or pairs of them, that it was taken of. */
  readonly frames: number;
}

/** Why a clip has no value. */
export interface Missing {
  readonly missing: string;
}

/** The mean over frames of one number a frame; null leaves a frame out, `nothing` says why all may be. */
export function meanOverFrames(nothing: string, measure: (pair: FramePair) => number | null): Scorer {
  let [sum, frames] = [0, 0];
  return {
    add(pair) {
      const value = measure(pair);
      if (value === null) return;
      sum += value;
      frames++;
    },
    finish: () => (frames === 0 ? { missing: nothing } : { value: sum / frames, frames }),
  };
}
