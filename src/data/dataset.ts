/** Prepared folders as one list of clips with random access to frames, arrays and speech. */
import { basename, join, resolve } from "node:path";
import { requireSameContract, type DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { decodeImage, type Image } from "../media/image.js";
import { decodeWav } from "../media/wav.js";
import { frameExtension, readContract, readManifest, type ManifestClip } from "./manifest.js";
import { decodeNpy, type FloatArray } from "./npy.js";
import { ShardReader } from "./shard-reader.js";

export interface ClipEntry extends ManifestClip {
  /** `<folder name>/<key>`: unique within the opened set. */
  readonly id: string;
  /** The prepared folder, as it was given. */
  readonly dataset: string;
}

export type ArrayMember = "mesh" | "landmarks" | "crop";

const arrayShapes: Readonly<Record<ArrayMember, readonly number[]>> = {
  mesh: [478, 3], // crop px, z in the same unit
  landmarks: [68, 2], // crop px
  crop: [2, 3], // crop -> source
};

export class Dataset {
  readonly contract: DataContract;
  readonly clips: readonly ClipEntry[];
  readonly #readers = new Map<string, ShardReader>();

  constructor(contract: DataContract, clips: readonly ClipEntry[]) {
    this.contract = contract;
    this.clips = clips;
  }

  /** Frame `t` (0-based) of a clip, size x size. */
  async readFrame(clip: ClipEntry, t: number): Promise<Image> {
    if (!Number.isInteger(t) || t < 0 || t >= clip.frames) {
      throw new TalkfaceError("internal", `${clip.id}: frame ${t} of a clip of ${clip.frames} frames.`);
    }
    const extension = frameExtension(t, clip.frames);
    const image = await decodeImage(await this.readMember(clip, extension), `${clip.id}.${extension}`);
    const { size } = this.contract;
    if (image.width !== size || image.height !== size) {
      throw new TalkfaceError("bad-data", `${clip.id}.${extension}: ${image.width}x${image.height} pixels, expected ${size}x${size}. Prepare the data again.`);
    }
    return image;
  }

  /** "mesh" [T,478,3] and "landmarks" [T,68,2] in crop pixels, "crop" [T,2,3] crop -> source. */
  async readArray(clip: ClipEntry, name: ArrayMember): Promise<FloatArray> {
    const where = `${clip.id}.${name}.npy`;
    const array = decodeNpy(await this.readMember(clip, `${name}.npy`), where);
    const expected = [clip.frames, ...arrayShapes[name]];
    if (array.shape.join() !== expected.join()) {
      throw new TalkfaceError("bad-data", `${where}: shape [${array.shape.join(", ")}], expected [${expected.join(", ")}]. Prepare the data again.`);
    }
    return array;
  }

  /** Speech [S = 640 T] at 16 kHz in [-1, 1], in step with the frames when `clip.sync.corrected`. */
  async readSpeech(clip: ClipEntry): Promise<Float32Array> {
    const where = `${clip.id}.wav`;
    const { samples, sampleRateHz } = decodeWav(await this.readMember(clip, "wav"), where);
    const expected = (clip.frames * this.contract.sampleRateHz) / this.contract.fps;
    if (sampleRateHz !== this.contract.sampleRateHz || samples.length !== expected) {
      const got = `${samples.length} samples at ${sampleRateHz} Hz`;
      throw new TalkfaceError("bad-data", `${where}: ${got}, expected ${expected} at ${this.contract.sampleRateHz}. Prepare the data again.`);
    }
    return samples;
  }

  /** Bytes of any member, by extension. */
  async readMember(clip: ClipEntry, extension: string): Promise<Uint8Array> {
    const extent = clip.members[extension];
    if (extent === undefined) throw new TalkfaceError("bad-data", `${clip.id}: has no member ${extension}. Prepare the data again.`);
    return this.#reader(join(clip.dataset, clip.shard)).read(`${clip.key}.${extension}`, extent);
  }

  /** Closes the shards; they open again when something is read. */
  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
  }

  #reader(path: string): ShardReader {
    let reader = this.#readers.get(path);
    if (reader === undefined) {
      reader = new ShardReader(path);
      this.#readers.set(path, reader);
    }
    return reader;
  }
}

/**
 * Opens prepared folders together, clips in the order of the folders and manifests. Throws `bad-data` for unfinished or damaged folders
 * and where two were prepared differently, `missing-file` for a folder that is none.
 */
export async function openDataset(folders: readonly string[]): Promise<Dataset> {
  const [first] = folders;
  if (first === undefined) throw new TalkfaceError("usage", "no data folder given. Give at least one that `talkface prep-...` wrote.");
  if (new Set(folders.map((folder) => resolve(folder))).size < folders.length) {
    throw new TalkfaceError("usage", "the same data folder is given twice.");
  }
  const contract = await readContract(first);
  const names = folders.map((folder) => basename(resolve(folder)));
  const isUnique = new Set(names).size === names.length;
  const clips: ClipEntry[] = [];
  for (const [i, folder] of folders.entries()) {
    requireSameContract(contract, await readContract(folder), folder);
    const prefix = isUnique ? names[i] : `${i}-${names[i]}`;
    for (const clip of await readManifest(folder)) clips.push({ ...clip, id: `${prefix}/${clip.key}`, dataset: folder });
  }
  return new Dataset(contract, clips);
}
