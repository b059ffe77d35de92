/** One video to staged clips: decode, track, align, gate. */
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import type { FaceAnalyzer, FaceChoice } from "../face/analyzer.js";
import { meshLength } from "../face/mesh-parts.js";
import { trackFaces, type TrackedFaces } from "../face/track-faces.js";
import { trackFace } from "../face/track.js";
import type { Image } from "../media/image.js";
import { requireVideo, type MediaInfo } from "../media/probe.js";
import { logMel } from "../media/spectrogram.js";
import { readFrames, readWrittenFrames, writtenFrames } from "../media/video-reader.js";
import { longestGap, type Part } from "./clip-cutter.js";
import { cutParts } from "./cut-parts.js";
import { frameOptions, type ReadAhead, removeDecoded, type StageInput } from "./decode-ahead.js";
import { lengthGate, mostSound, pictureGate, speechGate } from "./gates.js";
import { encodeNpy } from "./npy.js";
import { isSilent, soundOf, type SoundTrack } from "./sound-track.js";
import type { SpeakerJudge } from "./speaker.js";
import type { Drop, StagedPart, StagedVideo, Staging } from "./staging.js";
import { mouthOpening, speechFeatures, speechWidth } from "./sync-evidence.js";

/** The one who speaks, or a face that does not depend on the sound. */
export type PreparedFace = "speaker" | FaceChoice;

export interface StageOptions {
  readonly contract: DataContract;
  readonly face: PreparedFace;
  readonly maxSeconds: number;
  readonly allowSilent: boolean;
}

/** What a thread keeps from one video to the next. */
export interface StageNetworks {
  readonly analyzer: FaceAnalyzer;
  readonly judge: SpeakerJudge;
}

/** Milliseconds by stage, to see where the time of a run goes. */
export interface StageTimes {
  total: number;
  /** Waiting for ffmpeg's pictures. */
  decode: number;
  /** Detection and landmarks. */
  track: number;
  /** Warping; JPEG encoding runs beside it. */
  align: number;
  /** Sound, features, writing. */
  write: number;
}

const shortestSeconds = 1;
/** A crop that is blown up further than this (source pixels per crop pixel) shows no mouth worth learning from. */
const smallestScale = 0.4;

/** Prepares one video, of which `ahead` is known. What is wrong with it is in the result; only errors of the machine (disk, models) are thrown. */
export async function stageVideo(input: StageInput, ahead: ReadAhead, staging: Staging, networks: StageNetworks, options: StageOptions): Promise<{ video: StagedVideo; times: StageTimes }> {
  const times: StageTimes = { total: 0, decode: 0, track: 0, align: 0, write: 0 };
  const started = performance.now();
  let video: StagedVideo;
  try {
    video = await stageReadable(input, ahead, staging, networks, options, times);
  } catch (error) {
    if (!(error instanceof TalkfaceError) || (error.code !== "bad-media" && error.code !== "missing-file")) throw error;
    video = dropped("unreadable", error.message);
  } finally {
    if (ahead.decoded !== null) await removeDecoded(ahead.decoded);
  }
  await staging.write(input.id, video);
  times.total = performance.now() - started;
  return { video, times };
}

async function stageReadable(input: StageInput, { probed, decoded }: ReadAhead, staging: Staging, { analyzer, judge }: StageNetworks, options: StageOptions, times: StageTimes): Promise<StagedVideo> {
  if ("error" in probed) throw new TalkfaceError(probed.error.code, probed.error.message);
  const { info } = probed;
  if (info.video === null) return dropped("no-video", "has no pictures");
  const sound = soundOf(input, info, decoded?.sound ?? staging.scratch(input.id));
  if (sound === null && !options.allowSilent) return dropped("no-audio", "has no sound, and no .wav of the same name stands beside it");
  const parts: StagedPart[] = [];
  const drops: Drop[] = [];
  const count = { frames: 0 };
  try {
    const { contract } = options;
    const shown = requireVideo(info, input.path);
    const { sourceScale, ...wanted } = frameOptions(info, contract);
    const beside = sound?.beside ?? null;
    const { width, height } = writtenFrames(info, input.path, wanted);
    const read = decoded === null ? readFrames(input.path, { ...wanted, info, ...(beside === null ? {} : { beside }) }) : readWrittenFrames(decoded.pictures, width, height);
    const frames = timed(sound?.with(read) ?? read, times, "decode");
    const tracked = tracking(frames, analyzer, options.face, count, times);
    const perFrame = contract.sampleRateHz / contract.fps;
    const hear = (start: number, end: number): Promise<Float32Array> => sound?.range(start * perFrame, end * perFrame) ?? Promise.resolve(new Float32Array(0));
    const cutting = { size: contract.size, maxFrames: partLength(info, options), sourceScale };
    for await (const part of cutParts(tracked, cutting, (rivals) => judge.choose(rivals, hear))) {
      const began = performance.now();
      const heard = await listen(part, sound, options);
      const usable = shorten(part, Math.min(part.frames, heard.frames));
      const drop = gate(part, usable, heard, options) ?? (await pictureGate(part)) ?? (heard.isSilent || options.allowSilent ? null : speechGate(heard.samples));
      if (drop !== null) drops.push({ ...drop, startFrame: part.startFrame, frames: part.frames });
      else {
        const archive = await staging.writePart(input.id, parts.length, members(usable, heard.samples, contract));
        const { startFrame, frames: length } = usable;
        parts.push({ ...archive, startFrame, frames: length, width: shown.width, height: shown.height, silent: heard.isSilent });
      }
      times.write += performance.now() - began;
    }
    const drop = sound === null ? null : await lengthsOf(count.frames, sound, contract);
    if (drop !== null) return { parts: [], drops: [drop], framesRead: count.frames };
  } finally {
    await sound?.close();
  }
  if (parts.length === 0 && drops.length === 0) drops.push({ reason: "no-face", detail: `no face in ${count.frames} frames` });
  return { parts, drops, framesRead: count.frames };
}

function dropped(reason: Drop["reason"], detail: string): StagedVideo {
  return { parts: [], drops: [{ reason, detail }], framesRead: 0 };
}

/** Follows the faces that are asked for and keeps the time that it takes, less that of the frames it waits for. */
async function* tracking(frames: AsyncIterable<Image>, analyzer: FaceAnalyzer, face: PreparedFace, count: { frames: number }, times: StageTimes): AsyncGenerator<TrackedFaces> {
  let last = performance.now();
  let decodeBefore = times.decode;
  for await (const framed of face === "speaker" ? trackFaces(frames, analyzer, { patience: longestGap }) : single(frames, analyzer, face)) {
    times.track += performance.now() - last - (times.decode - decodeBefore);
    count.frames++;
    const handed = performance.now();
    yield framed;
    last = performance.now();
    times.align += last - handed;
    decodeBefore = times.decode;
  }
}

async function* single(frames: AsyncIterable<Image>, analyzer: FaceAnalyzer, face: FaceChoice): AsyncGenerator<TrackedFaces> {
  for await (const { image, mesh, cut } of trackFace(frames, analyzer, { face })) yield { image, faces: [{ id: 0, mesh }], cut };
}

async function* timed<T>(source: AsyncIterable<T>, times: StageTimes, name: "decode"): AsyncGenerator<T> {
  let last = performance.now();
  for await (const value of source) {
    times[name] += performance.now() - last;
    yield value;
    last = performance.now();
  }
}

/** A long video is cut into parts of equal length, so that no useless rest remains. */
function partLength(info: MediaInfo, { contract, maxSeconds }: StageOptions): number {
  const most = Math.round(maxSeconds * contract.fps);
  const expected = Math.ceil((info.durationSeconds ?? 0) * contract.fps);
  return expected <= most ? most : Math.ceil(expected / Math.ceil(expected / most));
}

interface Heard {
  /** [640 frames] of the part's beginning; zeros in a silent clip. */
  readonly samples: Float32Array;
  /** Frames with sound. */
  readonly frames: number;
  readonly isSilent: boolean;
}

async function listen(part: Part, sound: SoundTrack | null, { contract, allowSilent }: StageOptions): Promise<Heard> {
  const perFrame = contract.sampleRateHz / contract.fps;
  const silence = { samples: new Float32Array(part.frames * perFrame), frames: part.frames, isSilent: true };
  if (sound === null) return silence;
  const start = part.startFrame * perFrame;
  const samples = await sound.range(start, start + part.frames * perFrame);
  if (isSilent(samples)) return allowSilent ? silence : { ...silence, frames: samples.length > 0 ? part.frames : 0 };
  // Less than half a frame of missing sound is an encoder's rounding, not the end of the sound.
  const frames = Math.min(part.frames, Math.round(samples.length / perFrame));
  const whole = new Float32Array(frames * perFrame);
  whole.set(samples.subarray(0, whole.length));
  return { samples: whole, frames, isSilent: false };
}

/** Why a video whose `frames` are all read is none, by the length of its sound, or null: sound without a sample has a reason of its own. */
async function lengthsOf(frames: number, sound: SoundTrack, { fps, sampleRateHz }: DataContract): Promise<Drop | null> {
  const pictures = frames / fps;
  const heard = (await sound.length(Math.ceil(mostSound(pictures) * sampleRateHz))) / sampleRateHz;
  return frames === 0 || heard === 0 ? null : lengthGate(pictures, heard);
}

/** Why a part is no clip, or null. */
function gate(part: Part, usable: Part, heard: Heard, { contract, allowSilent }: StageOptions): Drop | null {
  const seconds = (frames: number): string => `${(frames / contract.fps).toFixed(2)} s`;
  const shortest = shortestSeconds * contract.fps;
  if (part.frames < shortest) {
    if (part.end === "lost") return { reason: "face-lost", detail: `the face is lost after ${seconds(part.frames)}` };
    return { reason: "too-short", detail: `a part of ${seconds(part.frames)}, at least ${seconds(shortest)} is needed` };
  }
  if (part.scale < smallestScale) {
    return { reason: "small-face", detail: `the face is ${Math.round(part.scale * contract.size)} pixels wide, at least ${Math.ceil(smallestScale * contract.size)} are needed` };
  }
  if (heard.isSilent && !allowSilent) {
    return heard.frames === 0 ? { reason: "out-of-sound", detail: "the sound ends before this part" } : { reason: "no-audio", detail: "the sound is silent" };
  }
  if (usable.frames < shortest) return { reason: "out-of-sound", detail: `the sound ends after ${seconds(usable.frames)} of this part` };
  return null;
}

/** The first `frames` frames of a part. */
function shorten(part: Part, frames: number): Part {
  if (frames === part.frames) return part;
  return {
    ...part,
    frames,
    pictures: part.pictures.slice(0, frames),
    mesh: part.mesh.slice(0, frames * meshLength),
    landmarks: part.landmarks.slice(0, frames * 136),
    crop: part.crop.slice(0, frames * 6),
  };
}

/** The staged form of a clip: what the shard will hold, and the signals for the offset between mouth and sound. */
function members(part: Part, samples: Float32Array, contract: DataContract): { name: string; data: Uint8Array }[] {
  const { frames } = part;
  const mel = logMel(samples, contract.mel, contract.sampleRateHz);
  const speech = speechFeatures(mel, contract.mel.bands, samples, frames);
  return [
    ...part.pictures.map((data, t) => ({ name: `${t}.jpg`, data })),
    { name: "mesh.npy", data: encodeNpy({ data: part.mesh, shape: [frames, 478, 3] }) },
    { name: "landmarks.npy", data: encodeNpy({ data: part.landmarks, shape: [frames, 68, 2] }) },
    { name: "crop.npy", data: encodeNpy({ data: part.crop, shape: [frames, 2, 3] }) },
    { name: "samples.npy", data: encodeNpy({ data: samples, shape: [samples.length] }) },
    { name: "opening.npy", data: encodeNpy({ data: mouthOpening(part.landmarks, frames), shape: [frames] }) },
    { name: "speech.npy", data: encodeNpy({ data: speech, shape: [frames, speechWidth] }) },
  ];
}
