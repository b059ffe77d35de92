/** What a video was made from: the adaptive cross-modal weights of every frame over the loudness of the speech, as a picture and as a table. */
import { TalkfaceError } from "../base/errors.js";
import { writeAtomic } from "../base/files.js";
import { writePlots } from "../report/plot-picture.js";
import type { Weighting } from "./weightings.js";

export interface ExplanationPaths {
  readonly picture: string;
  readonly table: string | null;
}

/** `NAME.png`: the picture; `NAME.csv`: the table, and the picture as `NAME.png` beside it. Throws `usage` for other names. */
export function explanationPaths(path: string): ExplanationPaths {
  if (/\.png$/i.test(path)) return { picture: path, table: null };
  if (/\.csv$/i.test(path)) return { picture: `${path.slice(0, -4)}.png`, table: path };
  throw new TalkfaceError("usage", `--explain ${path}: expected a name that ends in .png (a picture) or .csv (a table, with the picture beside it).`);
}

export interface ExplanationOptions {
  readonly weightings: readonly Weighting[];
  /** How many there will be. */
  readonly frames: number;
  readonly fps: number;
  /** The video, for the title. */
  readonly name: string;
}

/** Takes frames in order; the numbers of all are held, some 30 bytes a frame. */
export class Explanation {
  readonly #options: ExplanationOptions;
  /** Loudness and, weighting by weighting, the weights: [frames, 1 + sum of m]. */
  readonly #rows: Float32Array;
  readonly #width: number;
  #count = 0;

  constructor(options: ExplanationOptions) {
    this.#options = options;
    this.#width = 1 + options.weightings.reduce((sum, { modalities }) => sum + modalities.length, 0);
    this.#rows = new Float32Array(options.frames * this.#width);
  }

  /** `loudness` as `frameLoudness`, `weights` [m] for each weighting. */
  add(loudness: number, weights: readonly Float32Array[]): void {
    this.#rows.set([loudness, ...weights.flatMap((of) => [...of])], this.#count++ * this.#width);
  }

  async write({ picture, table }: ExplanationPaths): Promise<void> {
    const { weightings, fps, name } = this.#options;
    let column = 1;
    const plots = weightings.map(({ title, modalities }) => ({
      list: modalities.map((modality, colour) => ({ name: modality, values: this.#column(column++), colour })),
      options: { title: `weights of the ${title}`, unit: "share, mean over channels and places", along: "seconds", perUnit: fps },
    }));
    const loudness = { list: [{ name: "speech", values: this.#column(0), colour: 7 }], options: { title: "loudness of the speech", unit: "dB, 0: its loud parts", along: "seconds", perUnit: fps } };
    await writePlots(picture, { title: `Adaptive cross-modal weights: ${name}`, plots: [...plots, loudness] });
    if (table !== null) await writeAtomic(table, this.#table());
  }

  #column(column: number): number[] {
    return Array.from({ length: this.#count }, (_, t) => this.#rows[t * this.#width + column]!);
  }

  /** A row a frame: number, seconds, loudness, weights. */
  #table(): string {
    const { weightings, fps } = this.#options;
    const names = weightings.flatMap(({ title, modalities }) => modalities.map((modality) => `${title}: ${modality}`));
    const lines = Array.from({ length: this.#count }, (_, t) => {
      const [loudness, ...weights] = this.#rows.subarray(t * this.#width, (t + 1) * this.#width);
      return [t, (t / fps).toFixed(2), loudness!.toFixed(2), ...weights.map((weight) => weight.toFixed(5))].join(",");
    });
    return `${[["frame", "seconds", "loudness dB", ...names].join(","), ...lines].join("\n")}\n`;
  }
}
