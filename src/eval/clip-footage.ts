/** What a report shows of a clip: frames of all its videos at the same instants, and small copies that play in every browser. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeJpeg, type Image, resizeImage } from "../media/image.js";
import { openVideoWriter, type VideoWriter } from "../media/video-writer.js";
import type { Footage, Strip } from "../report/footage.js";
import { dataUri } from "../report/html.js";
import { type OpenSource, scoredFps, soundRateHz, type Sources } from "./sources.js";
import type { Source } from "./units.js";

/** Frames of a strip, and how high they are. */
const stripFrames = 9;
const stripHeight = 128;
/** Copies are at most as high as this, are shown as high, and show at most so much of a clip. */
const copyHeight = 240;
const copySeconds = 12;
const copyCrf = 27;
const posterQuality = 70;

export interface Shown {
  readonly name: string;
  readonly source: Source;
  /** Whose sound it has; null: its own. */
  readonly sound: Source | null;
  /** Frames that it has. */
  readonly frames: number;
}

/** One pass over each video. */
export async function clipFootage(sources: Sources, videos: readonly Shown[]): Promise<{ readonly strips: Strip[]; readonly footage: Footage[] }> {
  const folder = await mkdtemp(join(tmpdir(), "talkface-report-"));
  try {
    const strips: Strip[] = [];
    const footage: Footage[] = [];
    // The same instants for all: those of the shortest.
    const frames = Math.min(copySeconds * scoredFps, ...videos.map((video) => video.frames));
    const places = [...new Set(Array.from({ length: stripFrames }, (_, i) => Math.floor(((i + 0.5) * frames) / stripFrames)))];
    for (const [i, video] of videos.entries()) {
      const open = await sources.open(video.source);
      const { sound } = video.sound === null ? open : await sources.open(video.sound);
      const { pictures, copy } = await copied(open, sound, places, join(folder, `${i}.mp4`));
      strips.push({ name: video.name, pictures, times: places.map((t) => t / scoredFps) });
      footage.push({ name: video.name, ...copy });
    }
    return { strips, footage };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copied(source: OpenSource, sound: OpenSource["sound"], places: readonly number[], path: string): Promise<{ pictures: string[]; copy: Omit<Footage, "name"> }> {
  const pictures: string[] = [];
  let writer: VideoWriter | null = null;
  let poster: string | null = null;
  const size = { width: 0, height: 0 };
  const samples = sound === null ? new Float32Array(0) : await beginning(sound);
  let t = 0;
  const most = copySeconds * scoredFps;
  try {
    for await (const image of source.frames()) {
      if (writer === null) {
        Object.assign(size, fitted(image, copyHeight));
        writer = await openVideoWriter({ path, ...size, fps: scoredFps, crf: copyCrf, ...(samples.length === 0 ? {} : { audio: { samples, sampleRateHz: soundRateHz } }) });
      }
      const small = await resizeImage(image, size.width, size.height);
      poster ??= dataUri("image/jpeg", await encodeJpeg(small, posterQuality));
      await writer.write(small);
      if (places.includes(t)) {
        const place = fitted(image, stripHeight);
        pictures.push(dataUri("image/jpeg", await encodeJpeg(await resizeImage(image, place.width, place.height), 80)));
      }
      if (++t === most) break;
    }
    await writer?.finish();
  } catch (error) {
    await writer?.abort();
    throw error;
  }
  return { pictures, copy: { uri: dataUri("video/mp4", await readFile(path)), poster: poster ?? "", width: Math.round((copyHeight * size.width) / size.height), height: copyHeight, hasSound: samples.length > 0 } };
}

/** The sound as far as the copy goes. */
async function beginning(sound: NonNullable<OpenSource["sound"]>): Promise<Float32Array> {
  const samples = new Float32Array(copySeconds * soundRateHz);
  let filled = 0;
  for await (const block of sound()) {
    const part = block.subarray(0, samples.length - filled);
    samples.set(part, filled);
    filled += part.length;
    if (filled === samples.length) break;
  }
  return samples.subarray(0, filled);
}

/** A size of that height, even as encoders want it; small pictures stay as they are. */
function fitted({ width, height }: Image, high: number): { width: number; height: number } {
  const scale = Math.min(1, high / height);
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}
