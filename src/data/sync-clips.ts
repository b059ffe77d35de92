/** The clips of a run and the estimates of their offsets, in columns of numbers: there are half a million of them, and objects would take ten times as much. */
import { sha256 } from "../base/files.js";
import type { List } from "../base/packed-list.js";
import type { SyncRecord } from "./manifest.js";

export interface SyncClip {
  /** The file that the clip was cut from. */
  readonly file: string;
  /** The folder of the file. */
  readonly collection: string;
  readonly person: string;
  readonly isSilent: boolean;
  readonly frames: number;
}

export type SyncEstimate = Omit<SyncRecord, "corrected">;

/** Sets of people: a regression is fitted on all but one of them. */
export const folds = 4;

/** Which clips belong together. Files are numbered in the order of their first clips; silent clips tell nothing and have none. */
export class ClipGroups {
  /** Numbers of the files of each folder. */
  readonly collections: readonly (readonly number[])[];
  /** Number of files. */
  readonly files: number;
  readonly #fileOf: Int32Array;
  readonly #foldOf: Uint8Array;

  constructor(clips: List<SyncClip>) {
    const files = new Map<string, number>();
    const collections = new Map<string, number[]>();
    this.#fileOf = new Int32Array(clips.length).fill(-1);
    this.#foldOf = new Uint8Array(clips.length);
    for (let i = 0; i < clips.length; i++) {
      const { file, collection, person, isSilent } = clips.at(i)!;
      if (isSilent) continue;
      this.#foldOf[i] = foldOf(person);
      let number = files.get(file);
      if (number === undefined) {
        number = files.size;
        files.set(file, number);
        (collections.get(collection) ?? collections.set(collection, []).get(collection)!).push(number);
      }
      this.#fileOf[i] = number;
    }
    this.files = files.size;
    this.collections = [...collections.values()];
  }

  /** Number of the file of clip `i`, null where it is silent. */
  fileOf(i: number): number | null {
    const file = this.#fileOf[i]!;
    return file < 0 ? null : file;
  }

  foldOf(i: number): number {
    return this.#foldOf[i]!;
  }
}

const methods = ["none", "loudness", "ridge"] as const satisfies readonly SyncEstimate["method"][];

/** Estimates by clip; at first none. Confidence and correlation are whole thousandths. */
export class SyncEstimates {
  readonly length: number;
  readonly #offset: Int8Array;
  readonly #confidence: Int16Array;
  readonly #correlation: Int16Array;
  readonly #method: Uint8Array;

  constructor(length: number) {
    this.length = length;
    this.#offset = new Int8Array(length);
    this.#confidence = new Int16Array(length);
    this.#correlation = new Int16Array(length);
    this.#method = new Uint8Array(length);
  }

  set(i: number, { offsetFrames, confidence, correlation, method }: SyncEstimate): void {
    this.#offset[i] = offsetFrames;
    this.#confidence[i] = thousandths(confidence);
    this.#correlation[i] = thousandths(correlation);
    this.#method[i] = methods.indexOf(method);
  }

  at(i: number): SyncEstimate {
    return {
      offsetFrames: this.#offset[i]!,
      confidence: this.#confidence[i]! / 1000,
      correlation: this.#correlation[i]! / 1000,
      method: methods[this.#method[i]!]!,
    };
  }

  /** Clips whose estimates pass a test, in their order. */
  *indices(test: (estimate: SyncEstimate) => boolean): Generator<number> {
    for (let i = 0; i < this.length; i++) if (test(this.at(i))) yield i;
  }

  *[Symbol.iterator](): Generator<SyncEstimate> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

export function thousandths(value: number): number {
  return Math.round(value * 1000);
}

function foldOf(person: string): number {
  return parseInt(sha256(person).slice(0, 8), 16) % folds;
}
