/** Opens what a unit names: frames and sound of files, of prepared clips, of what a model draws of them. */
import { TalkfaceError } from "../base/errors.js";
import { type ClipEntry, type Dataset, openDataset } from "../data/dataset.js";
import { readAudioBlocks } from "../media/audio.js";
import type { Image } from "../media/image.js";
import { probe, requireVideo } from "../media/probe.js";
import { readFrames } from "../media/video-reader.js";
import { ModelThread } from "../synth/model-thread.js";
import { viewPlaces } from "./driving.js";
import { selfDriven } from "./self-drive.js";
import type { ClipSource, Source } from "./units.js";

/** Frames a second of everything that is scored: videos are brought to it by time stamp. */
export const scoredFps = 25;
export const soundRateHz = 16000;
const soundBlock = 16000;

export interface OpenSource {
  /** Each call begins anew. */
  readonly frames: () => AsyncGenerator<Image>;
  /** 16 kHz mono from the first frame on; null where there is none. */
  readonly sound: (() => AsyncIterable<Float32Array>) | null;
  /** How long it lasts, where that is known before it is read. */
  readonly seconds: number | null;
  /** Frames that a generator was given. */
  readonly shown: ReadonlySet<number>;
  /** What is unusual about it and does not stop the scoring, each in half a sentence. */
  readonly notes: readonly string[];
}

/** Holds data folders and models open between clips; one for each thread. */
export class Sources {
  readonly #datasets = new Map<string, Promise<Dataset>>();
  readonly #models = new Map<string, Promise<ModelThread>>();

  /** Throws `missing-file`, `bad-media`, `bad-data`, `bad-model`. */
  async open(source: Source): Promise<OpenSource> {
    switch (source.kind) {
      case "file":
        return openFile(source.path);
      case "clip": {
        const { dataset, clip } = await this.#clip(source);
        return { frames: () => clipFrames(dataset, clip), sound: clipSound(dataset, clip), seconds: clip.frames / scoredFps, shown: new Set(), notes: [] };
      }
      case "driven": {
        const { dataset, clip } = await this.#clip(source.clip);
        const other = await this.#clip({ ...source.clip, id: source.speechOf });
        const key = JSON.stringify([source.model, source.device]);
        const model = await kept(this.#models, key, () => ModelThread.open(source.model, source.device, () => undefined));
        const frames = async function* (): AsyncGenerator<Image> {
          yield* selfDriven(model, dataset, clip, await dataset.readSpeech(other.clip));
        };
        return { frames, sound: clipSound(dataset, other.clip), seconds: clip.frames / scoredFps, shown: new Set(viewPlaces(clip.frames)), notes: clip.silent ? ["the clip is silent"] : [] };
      }
      case "still": {
        const of = await this.open(source.of);
        return { ...of, frames: () => held(of.frames()), shown: new Set([0]) };
      }
    }
  }

  /** Lets models finish and closes files. */
  async close(): Promise<void> {
    for (const model of this.#models.values()) await (await model.catch(() => null))?.close();
    for (const dataset of this.#datasets.values()) await (await dataset.catch(() => null))?.close();
  }

  async #clip({ folders, id }: ClipSource): Promise<{ dataset: Dataset; clip: ClipEntry }> {
    const dataset = await kept(this.#datasets, JSON.stringify(folders), () => openDataset(folders));
    const clip = dataset.clips.find((each) => each.id === id);
    if (clip === undefined) throw new TalkfaceError("bad-data", `${folders.join(", ")}: has no clip ${id} any more. Start the evaluation anew.`);
    return { dataset, clip };
  }
}

function kept<T>(map: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = open()));
  return value;
}

async function openFile(path: string): Promise<OpenSource> {
  const info = await probe(path);
  const { fps, isVariable } = requireVideo(info, path);
  const rate = fps === null || Math.abs(fps - scoredFps) < 0.01 ? null : `${Number(fps.toFixed(3))} frames a second`;
  return {
    frames: () => readFrames(path, { fps: scoredFps, info }),
    sound: info.audio === null ? null : () => readAudioBlocks(path, soundBlock, { sampleRateHz: soundRateHz }),
    seconds: info.durationSeconds,
    shown: new Set(),
    notes: [...(isVariable ? ["has a variable frame rate"] : rate === null ? [] : [`has ${rate}`])].map((note) => `${note}, brought to ${scoredFps} a second by time stamp`),
  };
}

async function* clipFrames(dataset: Dataset, clip: ClipEntry): AsyncGenerator<Image> {
  for (let t = 0; t < clip.frames; t++) yield dataset.readFrame(clip, t);
}

function clipSound(dataset: Dataset, clip: ClipEntry): OpenSource["sound"] {
  if (clip.silent) return null;
  return async function* () {
    yield await dataset.readSpeech(clip);
  };
}

/** The first frame as often as there are frames. */
async function* held(frames: AsyncGenerator<Image>): AsyncGenerator<Image> {
  let first: Image | null = null;
  for await (const image of frames) yield (first ??= image);
}
