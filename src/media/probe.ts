/** What a media file holds, read from what `ffmpeg -i` prints (the npm binary comes without ffprobe). */
import { PassThrough } from "node:stream";
import { TalkfaceError } from "../base/errors.js";
import { mediaError, requireMediaFile, startFfmpeg } from "./ffmpeg.js";

export interface VideoStream {
  /** Number of the stream in the file. */
  readonly index: number;
  readonly codec: string;
  /** Pixels as stored. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Pixels as shown: turned by the rotation, widened to square pixels. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise that a player turns the stored picture: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Frames a second as the container says, null when it does not. */
  readonly fps: number | null;
  /** The shortest time between frames is not that of the rate (nor half of it, as in interlaced video): frames last differently long. */
  readonly isVariable: boolean;
}

export interface AudioStream {
  readonly index: number;
  readonly codec: string;
  readonly sampleRateHz: number;
}

export interface MediaInfo {
  readonly format: string;
  /** Seconds, null when the container does not say. */
  readonly durationSeconds: number | null;
  /** Time of the earliest stream; the readers count from here. */
  readonly startSeconds: number;
  readonly video: VideoStream | null;
  readonly audio: AudioStream | null;
}

/** Largest side of a picture that is decoded; beyond it a small file could claim all memory. */
const maxSide = 8192;
/** Of ffmpeg's words on a file so many lines are kept. */
const linesOfFile = 200;

/** Reads the first video and the first audio stream of a file. Throws `missing-file` or `bad-media`. */
export async function probe(path: string): Promise<MediaInfo> {
  await requireMediaFile(path);
  const stderr = await describe([path]);
  const info = parseInfo(stderr);
  if (info === null) throw mediaError(path, stderr);
  return usable(info, path);
}

/**
 * As `probe` of each of a few files, in one process: starting ffmpeg takes ten times as long as opening one more file. Resolves to what is wrong with a file in
 * place of its description.
 */
export async function probeAll(paths: readonly string[]): Promise<(MediaInfo | TalkfaceError)[]> {
  // a name with a line break could pass for what ffmpeg says of another file
  const together: string[] = [];
  for (const path of paths) if (!/[\0-\x1f\x7f]/.test(path) && (await isMediaFile(path))) together.push(path);
  const stderr = together.length > 1 ? await describe(together) : "";
  return Promise.all(
    paths.map(async (path) => {
      const at = together.indexOf(path);
      const info = at < 0 ? null : parseInfo(stderr, at);
      try {
        // ffmpeg stops at the first file that it cannot open: that one and those after it are looked at one by one
        return info === null ? await probe(path) : usable(info, path);
      } catch (error) {
        if (error instanceof TalkfaceError) return error;
        throw error;
      }
    }),
  );
}

/** What ffmpeg says of its inputs. */
async function describe(paths: readonly string[]): Promise<string> {
  const sink = new PassThrough({ emitClose: false });
  sink.resume();
  const inputs = paths.map((source) => ({ source, options: [] }));
  const command = { inputs, options: ["-c", "copy", "-t", "0", "-f", "null"], logLevel: "info", stderrLines: linesOfFile * paths.length } as const;
  return (await (await startFfmpeg(command, sink)).ended).stderr;
}

async function isMediaFile(path: string): Promise<boolean> {
  return requireMediaFile(path).then(
    () => true,
    () => false,
  );
}

function usable(info: MediaInfo, path: string): MediaInfo {
  const { video } = info;
  if (video === null && info.audio === null) {
    throw new TalkfaceError("bad-media", `${path}: holds neither pictures nor sound that can be read; it may be truncated. Give a complete media file.`);
  }
  if (video !== null && (video.codedWidth > maxSide || video.codedHeight > maxSide)) {
    throw new TalkfaceError("bad-media", `${path}: pictures of ${video.codedWidth} x ${video.codedHeight} are larger than ${maxSide}. Give a smaller video.`);
  }
  return info;
}

/** Parses ffmpeg's description of an input, the first by default; null when there is none. */
export function parseInfo(stderr: string, input = 0): MediaInfo | null {
  const lines = stderr.split(/\r?\n/);
  const first = lines.findIndex((line) => line.startsWith(`Input #${input}, `));
  if (first < 0) return null;
  const after = lines.findIndex((line, i) => i > first && /^(Output #0|Stream mapping:|Input #\d|At least one output)/.test(line));
  const block = lines.slice(first, after < 0 ? undefined : after);
  const format = /^Input #\d+, (.*), from '/.exec(block[0]!)?.[1] ?? "";
  const times = block.map((line) => /^ {2}Duration: (?:(\d+):(\d\d):(\d\d(?:\.\d+)?)|N\/A)(?:, start: (-?[\d.]+))?/.exec(line)).find((m) => m !== null);
  const durationSeconds = times?.[1] === undefined ? null : Number(times[1]) * 3600 + Number(times[2]) * 60 + Number(times[3]);
  let video: VideoStream | null = null;
  let audio: AudioStream | null = null;
  block.forEach((line, i) => {
    const stream = /^ {2,4}Stream #\d+:(\d+)(?:\[[^\]]*\])?(?:\([^)]*\))?: (Video|Audio): ([^\s,]+)(.*)$/.exec(line);
    if (stream === null) return;
    const index = Number(stream[1]);
    const rest = stream[4]!;
    if (stream[2] === "Audio") {
      audio ??= { index, codec: stream[3]!, sampleRateHz: Number(/, (\d+) Hz/.exec(rest)?.[1] ?? 0) };
    } else if (video === null && !/\(attached pic\)/.test(rest)) {
      const end = block.findIndex((other, j) => j > i && /^ {2,4}Stream #\d+:/.test(other));
      video = parseVideo(index, stream[3]!, rest, block.slice(i + 1, end < 0 ? undefined : end));
    }
  });
  return { format, durationSeconds, startSeconds: Number(times?.[4] ?? 0), video, audio };
}

function parseVideo(index: number, codec: string, text: string, details: readonly string[]): VideoStream | null {
  const size = /, (\d+)x(\d+)(?: \[SAR (\d+):(\d+)[^\]]*\])?(?:, SAR (\d+):(\d+))?/.exec(text);
  if (size === null) return null;
  const codedWidth = Number(size[1]);
  const codedHeight = Number(size[2]);
  if (codedWidth === 0 || codedHeight === 0) return null;
  const aspect = Number(size[5] ?? size[3] ?? 1) / Number(size[6] ?? size[4] ?? 1);
  const shownWidth = Number.isFinite(aspect) && aspect > 0.1 && aspect < 10 ? Math.max(1, Math.round(codedWidth * aspect)) : codedWidth;
  // The display matrix counts counter-clockwise.
  const turned = details.map((line) => /displaymatrix: rotation of (-?[\d.]+) degrees/.exec(line)?.[1]).find((value) => value !== undefined);
  const rotation = ((Math.round(-Number(turned ?? 0) / 90) % 4) + 4) % 4 * 90;
  const sideways = rotation % 180 === 90;
  const rate = (unit: string): number | null => {
    const [, digits, thousands] = new RegExp(`, ([\\d.]+)(k?) ${unit}\\b`).exec(text) ?? [];
    return digits === undefined ? null : Number(digits) * (thousands === "k" ? 1000 : 1);
  };
  const [fps, finest] = [rate("fps"), rate("tbr")];
  return {
    index,
    codec,
    codedWidth,
    codedHeight,
    width: sideways ? codedHeight : shownWidth,
    height: sideways ? shownWidth : codedHeight,
    rotation,
    fps,
    isVariable: fps !== null && finest !== null && Math.abs(finest / fps - 1) > 0.02 && Math.abs(finest / (2 * fps) - 1) > 0.02,
  };
}

/** The video stream, or an error that says that there is none. */
export function requireVideo(info: MediaInfo, path: string): VideoStream {
  if (info.video === null) throw new TalkfaceError("bad-media", `${path}: has no video stream. Give a file with pictures.`);
  return info.video;
}

/** The audio stream, or an error that says that there is none. */
export function requireAudio(info: MediaInfo, path: string): AudioStream {
  if (info.audio === null) throw new TalkfaceError("bad-media", `${path}: has no audio stream. Give a file with sound.`);
  return info.audio;
}
