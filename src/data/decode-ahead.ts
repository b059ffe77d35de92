/**
 * What the next videos hold and, of those that are short, their pictures and sound, a group of them in one process ahead of those that are being read: for a clip of
 * a second, starting ffmpeg takes twice the time of all that it does.
 */
import { rm, stat } from "node:fs/promises";
import type { DataContract } from "../base/contract.js";
import type { List } from "../base/packed-list.js";
import { type Decoding, decodeTogether, type FfmpegOutput } from "../media/ffmpeg.js";
import type { MediaInfo } from "../media/probe.js";
import { type FrameOptions, writtenFrames } from "../media/video-reader.js";
import { ProbeAhead, type Probed } from "./probe-ahead.js";
import { type SoundSource, soundOf } from "./sound-track.js";

/** What is known of a video when its turn comes. */
export interface ReadAhead {
  readonly probed: Probed;
  /** Null where the file is to be read. */
  readonly decoded: Decoded | null;
}

/** Files that are removed by whoever reads them. */
export interface Decoded {
  /** As `readWrittenFrames` reads it. */
  readonly pictures: string;
  /** The scratch file of its `SoundTrack`. */
  readonly sound: string;
}

export interface DecodeAheadOptions {
  readonly contract: DataContract;
  /** Videos that are read at once. */
  readonly jobs: number;
  /** A path for what is needed only until a video is read. */
  readonly scratch: (id: string) => string;
}

/** A video that is to be read. */
export interface StageInput extends SoundSource {
  readonly id: string;
}

const groupSize = 8;
/** Of pictures that are written: LRW's clips have 6 MB, and two groups and more lie on the disk at once. */
const mostBytes = 16e6;
const mostFailures = 3;
/** A container's duration may be short of the last frames. */
const spareSeconds = 0.2;
/** Larger pictures are shrunk while decoding: the face of a crop of up to 128 pixels still has all its detail. */
const largestSide = 1280;

/** How the frames of a video are read, and how many pixels of the source one of theirs is wide. */
export function frameOptions({ video }: MediaInfo, { fps, size }: DataContract): FrameOptions & { readonly fps: number; readonly sourceScale: number } {
  const side = Math.max(video?.width ?? 0, video?.height ?? 0);
  return size <= 128 && side > largestSide ? { fps, maxSide: largestSide, sourceScale: side / largestSide } : { fps, sourceScale: 1 };
}

interface Group {
  readonly videos: Promise<ReadAhead[]>;
  /** Videos that nobody has asked for. */
  left: number;
}

export class DecodeAhead {
  readonly #videos: List<StageInput>;
  readonly #options: DecodeAheadOptions;
  readonly #probes: ProbeAhead;
  readonly #groups = new Map<number, Group>();
  #begun = 0;
  /** More groups that failed than others: one file with a fault costs all of its group a second reading. */
  #failures = 0;

  constructor(videos: List<StageInput>, options: DecodeAheadOptions) {
    this.#videos = videos;
    this.#options = options;
    this.#probes = new ProbeAhead(videos);
  }

  /** Of each video, once, and about in their order. */
  async of(index: number): Promise<ReadAhead> {
    const number = Math.floor(index / groupSize);
    // as many videos ahead as are read at once, for a group is decoded by one core
    const last = Math.min(number + 1 + Math.floor(this.#options.jobs / groupSize), Math.ceil(this.#videos.length / groupSize) - 1);
    while (this.#begun <= last) this.#begin(this.#begun++);
    const group = this.#groups.get(number)!;
    if (--group.left === 0) this.#groups.delete(number);
    return (await group.videos)[index % groupSize]!;
  }

  /** Removes what nobody has asked for. */
  async close(): Promise<void> {
    for (const { videos } of this.#groups.values()) {
      for (const { decoded } of await videos.catch(() => [])) if (decoded !== null) await removeDecoded(decoded);
    }
    this.#groups.clear();
  }

  #begin(number: number): void {
    const start = number * groupSize;
    const left = Math.min(groupSize, this.#videos.length - start);
    const videos = this.#read(Array.from({ length: left }, (_, i) => start + i));
    videos.catch(() => undefined); // reported to those who ask for it
    this.#groups.set(number, { videos, left });
  }

  async #read(numbers: readonly number[]): Promise<ReadAhead[]> {
    const probed = await Promise.all(numbers.map((number) => this.#probes.of(number)));
    if (this.#failures > mostFailures) return probed.map((each) => ({ probed: each, decoded: null }));
    const files: Decoding[] = [];
    const decoded = probed.map((each, i): Decoded | null => {
      const video = this.#videos.at(numbers[i]!)!;
      const outputs = "info" in each ? this.#outputs(video, each.info, files.length) : null;
      if (outputs === null) return null;
      files.push({ path: video.path, outputs: outputs.all });
      return outputs.decoded;
    });
    const isWhole = (await decodeTogether(files)) && (await allBelow(files.map(({ outputs }) => outputs[0]!.path), mostBytes));
    this.#failures = Math.max(0, this.#failures + (isWhole ? -1 : 1));
    if (!isWhole) for (const each of decoded) if (each !== null) await removeDecoded(each);
    return probed.map((each, i) => ({ probed: each, decoded: isWhole ? decoded[i]! : null }));
  }

  /** What is written of a video that is input number `input` of the process, null where it is too long or of a length that nobody knows. */
  #outputs(video: StageInput, info: MediaInfo, input: number): { decoded: Decoded; all: FfmpegOutput[] } | null {
    if (info.video === null || info.durationSeconds === null) return null;
    const { contract, scratch } = this.#options;
    const { width, height, write } = writtenFrames(info, video.path, frameOptions(info, contract), input);
    if (width * height * 3 * contract.fps * (info.durationSeconds + spareSeconds) > mostBytes) return null;
    const decoded = { pictures: scratch(video.id), sound: scratch(video.id) };
    const beside = soundOf(video, info, decoded.sound, input)?.beside ?? null;
    const pictures = { path: decoded.pictures, options: [...write, "-fs", String(mostBytes)] };
    return { decoded, all: beside === null ? [pictures] : [pictures, beside] };
  }
}

/** Whether files stand and hold something, and less than `most` bytes, where ffmpeg was told to stop. */
async function allBelow(paths: readonly string[], most: number): Promise<boolean> {
  const sizes = await Promise.all(paths.map((path) => stat(path).then(({ size }) => size, () => 0)));
  return sizes.every((size) => size > 0 && size < most);
}

/** What is not there is no error. */
export async function removeDecoded({ pictures, sound }: Decoded): Promise<void> {
  await rm(pictures, { force: true });
  await rm(sound, { force: true });
}
