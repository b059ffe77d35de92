/** Pictures and sound into an MP4 file (H.264 yuv420p + AAC) that is either whole or absent. */
import { once } from "node:events";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { refuseOverwrite, temporaryName } from "../base/files.js";
import { mediaError, requireMediaFile, startFfmpeg, type RunningFfmpeg } from "./ffmpeg.js";
import type { Image } from "./image.js";
import { encodeWav } from "./wav.js";

export interface VideoWriterOptions {
  /** The file to make; its folder is made where it lacks. */
  readonly path: string;
  /** Size of the pictures; an odd side is extended by its last row or column, because yuv420p needs even ones. */
  readonly width: number;
  readonly height: number;
  /** 25 by default. */
  readonly fps?: number;
  /** Any file with sound (from `startSeconds`, at most `durationSeconds`), or mono samples. */
  readonly audio?:
    | { readonly path: string; readonly startSeconds?: number; readonly durationSeconds?: number }
    | { readonly samples: Float32Array; readonly sampleRateHz: number };
  /** x264 quality, 0 (lossless) to 51; 18 by default. */
  readonly crf?: number;
  readonly force?: boolean;
  /** Container tags, e.g. { comment: "synthetic media made by talkface" }. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface VideoWriter {
  /** Takes one picture; resolves when the encoder has room for the next. The picture may be reused afterwards. */
  write(image: Image): Promise<void>;
  /** Completes the file and gives it its name. */
  finish(): Promise<void>;
  /** Stops and removes what was written; harmless after `finish`. */
  abort(): Promise<void>;
}

/** The writers that hold an unfinished file: state of the process, like its child processes, so that Ctrl-C can end all of them. */
const openWriters = new Set<Pick<VideoWriter, "abort">>();

/** Removes every unfinished video; for the signal handler of the command line. */
export async function abortOpenWriters(): Promise<void> {
  await Promise.all([...openWriters].map((writer) => writer.abort()));
}

/** Opens a video file for writing. Throws `exists`, `usage`, `io`, `bad-media`. */
export async function openVideoWriter(options: VideoWriterOptions): Promise<VideoWriter> {
  const { path, width, height, fps = 25, audio, crf = 18, force = false } = options;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new TalkfaceError("usage", `${path}: pictures of ${width} x ${height}, expected whole positive sides.`);
  }
  if (!(crf >= 0 && crf <= 51)) throw new TalkfaceError("usage", `crf ${crf}: expected a number from 0 (lossless) to 51.`);
  await refuseOverwrite(path, force);
  const temporary = temporaryName(path);
  // The sound needs a name that ffmpeg can open: only one stream can be piped in, and that one carries the pictures.
  const soundFile = audio !== undefined && "samples" in audio ? `${temporary}.wav` : null;
  const removeAll = async (): Promise<void> => {
    await rm(temporary, { force: true });
    if (soundFile !== null) await rm(soundFile, { force: true });
  };
  const opening = { abort: removeAll };
  openWriters.add(opening); // Ctrl-C may come before ffmpeg runs
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, ""); // permission and disk are known before the first picture
    if (audio !== undefined && "samples" in audio) await writeFile(soundFile!, encodeWav(audio.samples, audio.sampleRateHz));
    if (audio !== undefined && "path" in audio) await requireMediaFile(audio.path);
  } catch (error) {
    await removeAll().catch(() => undefined); // the first failure is the one to tell
    openWriters.delete(opening);
    throw fromSystemError(error, path);
  }
  const even = { width: width + (width & 1), height: height + (height & 1) };
  const pictures = new PassThrough({ highWaterMark: 2 * even.width * even.height * 3 });
  const running = await startFfmpeg(
    {
      inputs: [
        { source: pictures, options: ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${even.width}x${even.height}`, "-r", String(fps)] },
        ...soundInput(audio, soundFile),
      ],
      options: [
        ...["-map", "0:v:0", "-vf", "scale=flags=bicubic+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv,format=yuv420p"],
        ...["-vcodec", "libx264", "-preset", "medium", "-crf", String(crf), "-threads", "2"],
        ...["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
        // At 48 kHz an AAC packet lasts 21 ms, so that its padding stays below one video frame.
        ...(audio === undefined ? [] : ["-map", "1:a:0", "-af", "aresample=async=1:first_pts=0", "-acodec", "aac", "-ac", "1", "-ar", "48000", "-b:a", "128k"]),
        ...Object.entries({ ...options.metadata }).flatMap(([key, value]) => ["-metadata", `${key}=${value}`]),
        // No encoder versions in the file, so that the same frames give the same bytes with the same ffmpeg.
        ...["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "-y"],
      ],
    },
    temporary,
  ).catch(async (error: unknown) => {
    await removeAll(); // no ffmpeg on this machine
    openWriters.delete(opening);
    throw error;
  });
  const writer = makeWriter({ running, pictures, path, width, height, even, temporary, removeAll });
  openWriters.add(writer);
  openWriters.delete(opening);
  return writer;
}

function soundInput(audio: VideoWriterOptions["audio"], soundFile: string | null): { source: string; options: string[] }[] {
  if (audio === undefined) return [];
  if ("samples" in audio) return [{ source: soundFile!, options: [] }];
  const { startSeconds = 0, durationSeconds } = audio;
  const options = [...(startSeconds > 0 ? ["-ss", String(startSeconds)] : []), ...(durationSeconds === undefined ? [] : ["-t", String(durationSeconds)])];
  return [{ source: audio.path, options }];
}

interface WriterParts {
  readonly running: RunningFfmpeg;
  readonly pictures: PassThrough;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly even: { readonly width: number; readonly height: number };
  readonly temporary: string;
  readonly removeAll: () => Promise<void>;
}

function makeWriter(parts: WriterParts): VideoWriter {
  const { running, pictures, path, width, height, even, temporary, removeAll } = parts;
  let state: "open" | "closed" = "open";
  let stderr: string | null = null;
  let count = 0;
  void running.ended.then((end) => {
    stderr = end.stderr;
    // Wakes a write that waits for room: nobody takes the pictures any more.
    if (end.failed) pictures.destroy();
  });
  const close = async (): Promise<void> => {
    state = "closed";
    running.kill();
    await running.ended;
    await removeAll();
    openWriters.delete(writer);
  };
  const writer: VideoWriter = {
    async write(image) {
      if (state === "closed") throw new TalkfaceError("interrupted", `${path}: was stopped.`);
      if (image.width !== width || image.height !== height) {
        throw new TalkfaceError("internal", `${path}: a picture of ${image.width} x ${image.height}, expected ${width} x ${height}.`);
      }
      count++;
      if (!pictures.destroyed && !pictures.write(evenCopy(image, even.width, even.height))) {
        await Promise.race([once(pictures, "drain"), running.ended]);
      }
      if (stderr !== null || pictures.destroyed) {
        const end = await running.ended;
        await close();
        throw mediaError(path, end.stderr);
      }
    },
    async finish() {
      if (state === "closed") throw new TalkfaceError("interrupted", `${path}: was stopped.`);
      if (count === 0) {
        await close();
        throw new TalkfaceError("bad-media", `${path}: no picture was made, so there is no video.`);
      }
      pictures.end();
      const end = await running.ended;
      if (end.failed) {
        await close();
        throw mediaError(path, end.stderr);
      }
      state = "closed";
      try {
        await rename(temporary, path);
      } catch (error) {
        throw fromSystemError(error, path);
      } finally {
        await removeAll();
        openWriters.delete(writer);
      }
    },
    async abort() {
      if (state === "open") await close();
    },
  };
  return writer;
}

/** A copy with even sides: the last column and row are repeated where a side is odd. */
function evenCopy(image: Image, width: number, height: number): Uint8Array {
  if (width === image.width && height === image.height) return new Uint8Array(image.data);
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = Math.min(y, image.height - 1) * image.width * 3;
    const row = image.data.subarray(from, from + image.width * 3);
    out.set(row, y * width * 3);
    if (width > image.width) out.set(row.subarray(row.length - 3), y * width * 3 + row.length);
  }
  return out;
}
