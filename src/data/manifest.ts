/**
 * The index files of a prepared folder: `manifest.jsonl` (a line per clip), `rejects.jsonl` (a line per part or file that was dropped)
 * and `contract.json`. Everything that is read back is checked: these files travel between machines and people.
 */
import { join } from "node:path";
import { z } from "zod";
import { defaultMel, type DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { eachJsonLine, readJson } from "../base/files.js";

export const manifestName = "manifest.jsonl";
export const rejectsName = "rejects.jsonl";
export const contractName = "contract.json";

const count = z.number().int().nonnegative();

const extentSchema = z.object({ offset: count, size: count });

/**
 * How far mouth and sound were apart in the source. One sign everywhere: `offsetFrames` is the time of the mouth minus the time of the
 * sound, in frames of 25 a second: negative, the mouth leads and the sound comes late; positive, the sound leads and has to be delayed.
 * When `corrected`, the clip was already shifted by it and is in step: nobody applies the offset again.
 */
const syncSchema = z.object({
  offsetFrames: z.number().int().min(-25).max(25),
  /** 0..1: how surely the best offset is better than all that are not its neighbours. */
  confidence: z.number().min(0).max(1),
  /** Correlation of the mouth with the prediction at the best offset. */
  correlation: z.number().min(-1).max(1),
  corrected: z.boolean(),
  /** What predicted the mouth: loudness, or a ridge regression on the mel bands of this run's clips. */
  method: z.enum(["loudness", "ridge", "none"]),
});

export type SyncRecord = z.infer<typeof syncSchema>;

const sourceSchema = z.object({
  /** Relative to the folder that was given, with forward slashes. */
  path: z.string(),
  /** First frame of the clip in the source, at 25 frames a second. */
  startFrame: count,
  width: count,
  height: count,
  licence: z.string().optional(),
});

export type ClipSource = z.infer<typeof sourceSchema>;

export const splits = ["train", "val", "test"] as const;
export type Split = (typeof splits)[number];

/** A spoken word; times in seconds, of the source in an input and of the clip in a manifest. */
const wordSchema = z.object({ word: z.string().min(1), start: z.number().nonnegative(), end: z.number().nonnegative() });

export type Word = z.infer<typeof wordSchema>;

const clipSchema = z.object({
  key: z.string().regex(/^[A-Za-z0-9_-]{1,90}$/, "letters, digits, - and _ only"),
  shard: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\.tar$/, "the plain name of a .tar file"),
  frames: z.number().int().positive(),
  person: z.string().min(1),
  split: z.enum(splits),
  labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What is said, where the corpus tells it; words that the clip cuts end with it. */
  words: z.array(wordSchema).optional(),
  /** True where there was no sound: the wav member is zeros. */
  silent: z.boolean(),
  sync: syncSchema,
  source: sourceSchema,
  /** By extension (`000.jpg`, `wav`, `mesh.npy`, ...): where the bytes stand in the shard. */
  members: z.record(z.string(), extentSchema),
});

/** One line of `manifest.jsonl`. */
export type ManifestClip = z.infer<typeof clipSchema>;

export const rejectReasons = [
  "known-bad",
  "lfs-pointer",
  "no-partner",
  "bad-name",
  "unreadable",
  "no-video",
  "no-audio",
  "no-face",
  "face-lost",
  "too-short",
  "small-face",
  "blurred",
  "extreme-pose",
  "no-speech",
  "out-of-step",
  "out-of-sound",
  "lengths-disagree",
] as const;
export type RejectReason = (typeof rejectReasons)[number];

const rejectSchema = z.object({
  path: z.string(),
  reason: z.enum(rejectReasons),
  detail: z.string(),
  /** Frames of the part that was dropped; absent where the whole file was. */
  startFrame: count.optional(),
  frames: count.optional(),
});

/** One line of `rejects.jsonl`. */
export type Reject = z.infer<typeof rejectSchema>;

const contractSchema = z.object({
  formatVersion: z.literal(1, "made by another version of talkface"),
  fps: z.number().positive(),
  sampleRateHz: z.number().int().positive(),
  size: z.number().int().min(16).max(1024),
  landmarks: z.literal("ibug68"),
  crop: z.string(),
  mel: z.object({
    windowSamples: z.number().int().positive(),
    hopSamples: z.number().int().positive(),
    fftSize: z.number().int().positive(),
    bands: z.number().int().positive(),
    lowHz: z.number().nonnegative(),
    highHz: z.number().positive(),
  } satisfies Record<keyof typeof defaultMel, z.ZodType>),
});

export async function readContract(folder: string): Promise<DataContract> {
  const path = join(folder, contractName);
  return check(contractSchema, await readJson(path), path);
}

/** Clips of a prepared folder in their order; a line that does not fit, or a key that stands twice, is `bad-data`. */
export async function readManifest(folder: string): Promise<ManifestClip[]> {
  const path = join(folder, manifestName);
  const clips: ManifestClip[] = [];
  const seen = new Set<string>();
  for await (const { value, line } of eachJsonLine(path)) {
    const clip = checkClip(value, `${path}:${line}`);
    if (seen.has(clip.key)) throw new TalkfaceError("bad-data", `${path}: the clip ${clip.key} stands twice. Prepare the data again.`);
    seen.add(clip.key);
    clips.push(clip);
  }
  return clips;
}

export async function readRejects(folder: string): Promise<Reject[]> {
  const path = join(folder, rejectsName);
  const rejects: Reject[] = [];
  for await (const { value, line } of eachJsonLine(path)) rejects.push(check(rejectSchema, value, `${path}:${line}`));
  return rejects;
}

/** JSON lines, one per value, ended by a line break. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** Extension of the member that holds frame `t` of a clip of `frames` frames: `007.jpg`; four digits from 1001 frames on. */
export function frameExtension(t: number, frames: number): string {
  return `${String(t).padStart(Math.max(3, String(frames - 1).length), "0")}.jpg`;
}

function checkClip(line: unknown, where: string): ManifestClip {
  const clip = check(clipSchema, line, where);
  const missing = ["wav", "landmarks.npy", "mesh.npy", "crop.npy", "json"].filter((extension) => clip.members[extension] === undefined);
  for (let t = 0; t < clip.frames && missing.length === 0; t++) {
    const extension = frameExtension(t, clip.frames);
    if (clip.members[extension] === undefined) missing.push(extension);
  }
  if (missing.length > 0) throw new TalkfaceError("bad-data", `${where}: the clip ${clip.key} has no ${missing.join(", ")}. Prepare the data again.`);
  return clip;
}

/** Checks a value against a schema; what does not fit is named with its place. */
export function check<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 3).map((issue) => `${issue.path.join(".") || "the value"}: ${issue.message}`);
  throw new TalkfaceError("bad-data", `${where}: ${issues.join("; ")}.`);
}
