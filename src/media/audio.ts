/** Sound of any media file as mono float samples. */
import { createReadStream } from "node:fs";
import { TalkfaceError } from "../base/errors.js";
import { ffmpegOutput } from "./ffmpeg.js";
import { type MediaInfo, probe, requireAudio } from "./probe.js";

export interface ReadAudioOptions {
  /** 16000 by default. */
  readonly sampleRateHz?: number;
  /** Counted from the start of the file (its earliest stream), as for pictures. */
  readonly startSeconds?: number;
  readonly durationSeconds?: number;
  /** What `probe` said of the file, where it was asked already. */
  readonly info?: MediaInfo;
}

/** The first audio stream whole: mono, about -1..1, [S]. A stream that starts late is led by silence. Throws `missing-file` or `bad-media`. */
export async function readAudio(path: string, options: ReadAudioOptions = {}): Promise<Float32Array> {
  const blocks: Float32Array[] = [];
  let total = 0;
  for await (const block of readAudioBlocks(path, 65536, options)) {
    blocks.push(block);
    total += block.length;
  }
  const samples = new Float32Array(total);
  let at = 0;
  for (const block of blocks) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}

/** As `readAudio` in blocks of exactly `blockSamples` (the last one shorter), for sound of any length in little memory. */
export async function* readAudioBlocks(path: string, blockSamples: number, options: ReadAudioOptions = {}): AsyncGenerator<Float32Array> {
  const { sampleRateHz = 16000, startSeconds = 0, durationSeconds } = options;
  const info = options.info ?? (await probe(path));
  const command = {
    inputs: [{ source: path, options: startSeconds > 0 ? ["-ss", String(startSeconds)] : [] }],
    options: [...soundOptions(info, path, { sampleRateHz }), ...(durationSeconds === undefined ? [] : ["-t", String(durationSeconds)])],
  };
  yield* samplesOf(ffmpegOutput(command, path), path, blockSamples);
}

/** What makes ffmpeg write the first audio stream of its input number `input` as `readAudioBlocks` reads it: little-endian floats, mono. */
export function soundOptions(info: MediaInfo, path: string, { sampleRateHz = 16000, input = 0 } = {}): string[] {
  const stream = requireAudio(info, path);
  return [
    ...["-map", `${input}:${stream.index}`, "-vn", "-sn", "-dn"],
    ...["-af", `aresample=${sampleRateHz}:async=1:first_pts=0`, "-ac", "1", "-ar", String(sampleRateHz)],
    ...["-f", "f32le", "-acodec", "pcm_f32le"],
  ];
}

/** As `readAudioBlocks`, of the file `written` that ffmpeg wrote with `soundOptions` from `path`. */
export function readWrittenBlocks(written: string, path: string, blockSamples: number): AsyncGenerator<Float32Array> {
  return samplesOf(createReadStream(written), path, blockSamples);
}

async function* samplesOf(chunks: AsyncIterable<Uint8Array>, path: string, blockSamples: number): AsyncGenerator<Float32Array> {
  let block = new Uint8Array(blockSamples * 4);
  let filled = 0;
  let total = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + block.length - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < block.length) continue;
      yield toFloats(block, blockSamples);
      total += blockSamples;
      block = new Uint8Array(blockSamples * 4);
      filled = 0;
    }
  }
  const rest = filled >> 2;
  if (rest > 0) yield toFloats(block, rest);
  if (total + rest === 0) throw new TalkfaceError("bad-media", `${path}: the sound is 0 seconds long. Give a file with sound.`);
}

/** Little-endian floats; a damaged stream can hold NaN, which would spread through every later sum. */
function toFloats(bytes: Uint8Array, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const samples = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = view.getFloat32(4 * i, true);
    samples[i] = Number.isFinite(value) ? value : 0;
  }
  return samples;
}
