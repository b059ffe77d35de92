/** Video files as a stream of pictures at a constant rate. */
import { createReadStream } from "node:fs";
import { TalkfaceError } from "../base/errors.js";
import { ffmpegOutput, type FfmpegOutput } from "./ffmpeg.js";
import type { Image } from "./image.js";
import { type MediaInfo, probe, requireVideo } from "./probe.js";

/** What the frames of a file are to be. */
export interface FrameOptions {
  /** Frames a second of the result, 25 by default; frames are doubled or left out, never blended. */
  readonly fps?: number;
  /** Larger pictures are shrunk so that their longer side is this. */
  readonly maxSide?: number;
}

export interface ReadFramesOptions extends FrameOptions {
  /** Counted from the start of the file (its earliest stream), as for audio. */
  readonly startSeconds?: number;
  readonly durationSeconds?: number;
  /** What `probe` said of the file, where it was asked already. */
  readonly info?: MediaInfo;
  /** What else the same process writes of this file: starting ffmpeg takes as long as decoding a second of video. It is whole when the frames have ended. */
  readonly beside?: FfmpegOutput;
}

/**
 * Yields the frames of the first video stream, upright and with square pixels. Frame t shows the time t / fps of the file: a stream
 * that starts late is led by copies of its first frame. Stopping early ends ffmpeg. Throws `missing-file` or `bad-media`.
 */
export async function* readFrames(path: string, options: ReadFramesOptions = {}): AsyncGenerator<Image> {
  const { fps = 25, startSeconds = 0, durationSeconds, beside } = options;
  const { width, height, write } = writtenFrames(options.info ?? (await probe(path)), path, options);
  const command = {
    inputs: [{ source: path, options: startSeconds > 0 ? ["-ss", String(startSeconds)] : [] }],
    options: [...write, ...(durationSeconds === undefined ? [] : ["-frames:v", String(Math.max(1, Math.round(durationSeconds * fps)))])],
    ...(beside === undefined ? {} : { beside: [beside] }),
  };
  let count = 0;
  for await (const frame of framesOf(ffmpegOutput(command, path), width, height)) {
    count++;
    yield frame;
  }
  if (count === 0) throw new TalkfaceError("bad-media", `${path}: holds no picture${startSeconds > 0 ? ` after ${startSeconds} s` : ""}. Give a longer or complete video.`);
}

/** Size of the frames that `readFrames` gives, and what makes ffmpeg write them, of its input number `input`, as `readWrittenFrames` reads them. */
export function writtenFrames(info: MediaInfo, path: string, { fps = 25, maxSide = Infinity }: FrameOptions, input = 0): { width: number; height: number; write: string[] } {
  const video = requireVideo(info, path);
  const shrink = Math.min(1, maxSide / Math.max(video.width, video.height));
  const width = Math.max(1, Math.round(video.width * shrink));
  const height = Math.max(1, Math.round(video.height * shrink));
  const write = [
    ...["-map", `${input}:${video.index}`, "-an", "-sn", "-dn"],
    ...["-vf", `fps=fps=${fps}:start_time=0,scale=${width}:${height}:flags=${shrink < 1 ? "area" : "bicubic"}+accurate_rnd+full_chroma_int`],
    ...["-f", "rawvideo", "-pix_fmt", "rgb24"],
  ];
  return { width, height, write };
}

/** As `readFrames`, of the file `written` with frames of this size. */
export function readWrittenFrames(written: string, width: number, height: number): AsyncGenerator<Image> {
  return framesOf(createReadStream(written, { highWaterMark: width * height * 3 }), width, height);
}

async function* framesOf(chunks: AsyncIterable<Uint8Array>, width: number, height: number): AsyncGenerator<Image> {
  const size = width * height * 3;
  let frame = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield { data: frame, width, height };
      frame = new Uint8Array(size);
      filled = 0;
    }
  }
}
