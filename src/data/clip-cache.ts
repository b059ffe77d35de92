/** What training reads again and again: face geometry and speech of whole clips, and decoded frames, within a bound of memory. */
import { meshesOf } from "../face/mesh-parts.js";
import { logMel } from "../media/spectrogram.js";
import { type FaceFrame, faceAtRest, faceFrame } from "../features/face-frame.js";
import { levelOf } from "../features/speech.js";
import type { ClipEntry, Dataset } from "./dataset.js";

export interface ClipFeatures {
  readonly faces: readonly FaceFrame[];
  /** Median shape of the clip [L, 3] in centimetres. */
  readonly rest: Float32Array;
  /** Log-mel [columns, M]. */
  readonly mel: Float32Array;
  readonly reference: number;
}

/** Of geometry and speech, about: 82 points in three axes, four columns of 80 mel bands, and what objects take. */
const bytesPerFrame = 3000;

export class ClipCache {
  readonly #dataset: Dataset;
  readonly #features = new Map<ClipEntry, Promise<ClipFeatures>>();
  readonly #frames = new Map<string, Uint8Array>();
  readonly #limit: number;
  #bytes = 0;
  #featureBytes = 0;

  /** `limitBytes` bounds the decoded frames that are kept; an eighth of it more is for geometry and speech, of which the longest unused go first. */
  constructor(dataset: Dataset, limitBytes: number) {
    this.#dataset = dataset;
    this.#limit = limitBytes;
  }

  features(clip: ClipEntry): Promise<ClipFeatures> {
    const known = this.#features.get(clip);
    const found = known ?? this.#load(clip);
    this.#features.delete(clip);
    this.#features.set(clip, found); // the latest last
    if (known !== undefined) return found;
    this.#featureBytes += clip.frames * bytesPerFrame;
    for (const oldest of this.#features.keys()) {
      if (this.#featureBytes <= this.#limit / 8 || oldest === clip) break;
      this.#features.delete(oldest);
      this.#featureBytes -= oldest.frames * bytesPerFrame;
    }
    return found;
  }

  /** Pixels of a frame [H, W, 3]; shared, not to be written to. */
  async frame(clip: ClipEntry, t: number): Promise<Uint8Array> {
    const key = `${clip.id}/${t}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const { data } = await this.#dataset.readFrame(clip, t);
    if (this.#bytes + data.length <= this.#limit) {
      this.#frames.set(key, data);
      this.#bytes += data.length;
    }
    return data;
  }

  async #load(clip: ClipEntry): Promise<ClipFeatures> {
    const [mesh, speech] = await Promise.all([this.#dataset.readArray(clip, "mesh"), this.#dataset.readSpeech(clip)]);
    const faces = meshesOf(mesh.data).map(faceFrame);
    const { mel: settings, sampleRateHz } = this.#dataset.contract;
    const mel = logMel(speech, settings, sampleRateHz);
    return { faces, rest: faceAtRest(faces), mel, reference: levelOf(mel, settings.bands).reference };
  }
}
