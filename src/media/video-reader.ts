/** Video files as a stream of pictures at a constant rate. */
import { TalkfaceError } from "../base/errors.js";
import { ffmpegOutput, type FfmpegOutput } from "./ffmpeg.js";
import type { Image } from "./image.js";
import { type MediaInfo, probe, requireVideo } from "./probe.js";

export interface ReadFramesOptions {
  /** Frames a second of the result, 25 by default; frames are doubled or left out, never blended. */
  readonly fps?: number;
  /** Counted from the start of the file (its earliest stream), as for audio. */
  readonly startSeconds?: number;
  readonly durationSeconds?: number;
  /** Larger pictures are shrunk so that their longer side is this. */
  readonly maxSide?: number;
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
  const { fps = 25, startSeconds = 0, durationSeconds, maxSide, beside } = options;
  const video = requireVideo(options.info ?? (await probe(path)), path);
  const shrink = Math.min(1, (maxSide ?? Infinity) / Math.max(video.width, video.height));
  const width = Math.max(1, Math.round(video.width * shrink));
  const height = Math.max(1, Math.round(video.height * shrink));
  const size = width * height * 3;
  const command = {
    inputs: [{ source: path, options: startSeconds > 0 ? ["-ss", String(startSeconds)] : [] }],
    options: [
      ...["-map", `0:${video.index}`, "-an", "-sn", "-dn"],
      ...["-vf", `fps=fps=${fps}:start_time=0,scale=${width}:${height}:flags=${shrink < 1 ? "area" : "bicubic"}+accurate_rnd+full_chroma_int`],
      ...(durationSeconds === undefined ? [] : ["-frames:v", String(Math.max(1, Math.round(durationSeconds * fps)))]),
      ...["-f", "rawvideo", "-pix_fmt", "rgb24"],
    ],
    ...(beside === undefined ? {} : { beside }),
  };
  let frame = new Uint8Array(size);
  let filled = 0;
  let count = 0;
  for await (const chunk of ffmpegOutput(command, path)) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield { data: frame, width, height };
      count++;
      frame = new Uint8Array(size);
      filled = 0;
    }
  }
  if (count === 0) throw new TalkfaceError("bad-media", `${path}: holds no picture${startSeconds > 0 ? ` after ${startSeconds} s` : ""}. Give a longer or complete video.`);
}
