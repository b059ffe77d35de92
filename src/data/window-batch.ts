/** Fills the batch of a training step: windows of clips as the arrays that the step graph names. */
import { emotionOf, emotions } from "../base/emotions.js";
import { modelPointCount } from "../base/points.js";
import { TalkfaceError } from "../base/errors.js";
import { type FaceFrame, faceAtRest, faceBetween, mirrorFace, ownShape, planar } from "../features/face-frame.js";
import { positionVector, upperFaceMotion } from "../features/position.js";
import { placePoints } from "../features/rigid-pose.js";
import { columnsPerFrame, melWindow } from "../features/speech.js";
import { playMel, varyPace, varySpeech } from "../features/speech-variation.js";
import type { DataContract } from "../base/contract.js";
import type { ClipCache } from "./clip-cache.js";
import type { WindowChoice } from "./window-sampler.js";

/** A field that the step graph asks for; shapes decide how many frames, views and guide frames a window has. */
export interface FieldRequest {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export type BatchArrays = Readonly<Record<string, { readonly dtype: "float32" | "uint8"; readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array }>>;

export interface WindowOptions {
  /** Mirror half of the windows, colour them, change the sound of their speech: off for validation. */
  readonly augment: boolean;
  /** Share of windows that render from the true points. */
  readonly truePoints: number;
  /** Frames around the window from which the guide is drawn. */
  readonly guideReach: number;
}

export const trainingWindows: WindowOptions = { augment: true, truePoints: 0.7, guideReach: 12 };
export const validationWindows: WindowOptions = { augment: false, truePoints: 0, guideReach: 12 };

/** Frames per window that the fields ask for. */
export function framesOf(fields: readonly FieldRequest[]): { readonly batch: number; readonly frames: number } {
  const field = fields.find(({ name }) => framed.includes(name));
  if (field === undefined) throw new TalkfaceError("internal", `internal: the batch has none of the fields ${framed.join(", ")}`);
  const [batch, frames] = field.shape;
  return { batch: batch as number, frames: frames as number };
}

/** Fields that have every frame of a window: [B, T, ...]. */
const framed: readonly string[] = ["points", "shapes"];

/** Names another window for one whose clip cannot be read, at the first, second, ... attempt, or throws. */
export type Replace = (choice: WindowChoice, attempt: number, error: TalkfaceError) => WindowChoice;

/** Reads the chosen windows. Fields that the request leaves out are not made. Without `replace`, a clip that is damaged is an error. */
export async function fillBatch(cache: ClipCache, contract: DataContract, choices: readonly WindowChoice[], fields: readonly FieldRequest[], options: WindowOptions, replace?: Replace): Promise<BatchArrays> {
  const arrays: Record<string, { dtype: "float32" | "uint8"; shape: readonly number[]; data: Float32Array | Uint8Array }> = {};
  for (const { name, dtype, shape } of fields) {
    const size = shape.reduce((a, b) => a * b, 1);
    arrays[name] = dtype === "uint8" ? { dtype, shape, data: new Uint8Array(size) } : { dtype: "float32", shape, data: new Float32Array(size) };
  }
  const fill = async (choice: WindowChoice, b: number, attempt = 1): Promise<void> => {
    try {
      await fillWindow(cache, contract, choice, b, arrays, options);
    } catch (error) {
      const isDamage = error instanceof TalkfaceError && (error.code === "bad-data" || error.code === "bad-media");
      if (replace === undefined || !isDamage) throw error;
      await fill(replace(choice, attempt, error), b, attempt + 1);
    }
  };
  await Promise.all(choices.map((choice, b) => fill(choice, b)));
  return arrays;
}

async function fillWindow(cache: ClipCache, contract: DataContract, { clip, start, random, partner = { clip, start } }: WindowChoice, b: number, arrays: Record<string, { shape: readonly number[]; data: Float32Array | Uint8Array }>, options: WindowOptions): Promise<void> {
  const { size } = contract;
  const features = await cache.features(clip);
  const frames = (arrays["points"] ?? arrays["shapes"])!.shape[1] as number;
  const views = arrays["views"]?.shape[1] ?? 1;
  const guides = arrays["guide"]?.shape[1] ?? 0;
  const flip = options.augment && random.uniform() < 0.5;
  const face = (t: number): FaceFrame => (flip ? mirrorFace(features.faces[t]!, size) : features.faces[t]!);
  // Where nothing is seen but points, a window may be played faster or slower.
  const pace = options.augment && arrays["mel"] !== undefined && arrays["target"] === undefined ? varyPace(random, (clip.frames - 1 - start) / Math.max(1, frames - 1)) : 1;
  const put = (name: string, values: Float32Array | Uint8Array, index: number, of: number): void => {
    const target = arrays[name];
    if (target !== undefined) target.data.set(values, (b * of + index) * values.length);
  };
  const picture = async (name: string, t: number, index: number, of: number): Promise<void> => {
    if (arrays[name] === undefined) return;
    const pixels = await cache.frame(clip, t);
    put(name, flip ? mirrorPixels(pixels, size) : pixels, index, of);
  };

  const viewFrames = pickViews(clip.frames, start, frames, views, random);
  const rest = faceAtRest(viewFrames.map(face));
  const clipRest = flip ? mirrorShape(features.rest, size) : features.rest;
  const pending: Promise<void>[] = [];
  viewFrames.forEach((t, k) => {
    pending.push(picture("views", t, k, views));
    put("view_points", planar(face(t).points), k, views);
    put("view_mask", new Float32Array([1]), k, views);
  });
  for (let g = 0; g < guides; g++) {
    const low = Math.max(0, start - options.guideReach);
    const high = Math.min(clip.frames, start + frames + options.guideReach);
    const t = options.augment ? low + random.integer(high - low) : low + Math.floor(((high - low) * (g + 0.5)) / guides);
    pending.push(picture("guide", t, g, guides));
  }
  put("shape", planar(rest), 0, 1);
  put("rest", planar(clipRest), 0, 1);
  put("emotion", oneHot(emotionOf(clip.labels["emotion"]), emotions.length), 0, 1);
  for (let t = 0; t < frames; t++) {
    const place = Math.min(clip.frames - 1, start + pace * t); // rounding must not lead beyond the clip
    const before = Math.floor(place);
    const frame = place === before ? face(before) : faceBetween(face(before), face(before + 1), place - before);
    put("position", positionVector(frame.pose, upperFaceMotion(frame, clipRest), size), t, frames);
    put("base", placePoints(rest, frame.pose), t, frames);
    put("scale", new Float32Array([frame.pose.scale]), t, frames);
    put("points", planar(frame.points), t, frames);
    if (arrays["shapes"] !== undefined) put("shapes", planar(ownShape(frame)), t, frames);
    pending.push(picture("target", start + t, t, frames));
  }
  if (arrays["cross_base"] !== undefined) {
    const other = await cache.features(partner.clip);
    for (let g = 0; g < guides; g++) {
      const t = partner.start + Math.floor((frames * (g + 0.5)) / guides);
      pending.push(cache.frame(partner.clip, t).then((pixels) => put("cross_guide", pixels, g, guides)));
    }
    for (let t = 0; t < frames; t++) {
      const frame = other.faces[partner.start + t]!;
      put("cross_position", positionVector(frame.pose, upperFaceMotion(frame, other.rest), size), t, frames);
      put("cross_base", placePoints(rest, frame.pose), t, frames);
      put("cross_scale", new Float32Array([frame.pose.scale]), t, frames);
    }
  }
  const mel = arrays["mel"];
  if (mel !== undefined) {
    const columns = mel.shape[2] as number;
    const context = (columns / columnsPerFrame - frames) / 2;
    const gain = options.augment ? random.uniform(-0.5, 0.5) : 0; // recordings differ in level beyond what `reference` takes out
    const window = playedMel(features.mel, contract.mel, { reference: features.reference + gain, start, frames, context, pace });
    if (options.augment) varySpeech(window, contract.mel.bands, random);
    put("mel", window, 0, 1);
  }
  const noise = arrays["noise"];
  if (noise !== undefined) {
    const width = noise.shape[1] as number;
    put("noise", Float32Array.from({ length: width }, () => (options.augment ? random.uniform() : 0.5)), 0, 1);
  }
  put("true_points", new Float32Array([random.uniform() < options.truePoints ? 1 : 0]), 0, 1);
  // all of them, for whoever replaces the window writes to the same place
  const failed = (await Promise.allSettled(pending)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Log-mel [M, 4 (frames + 2 context)] of a window that begins at frame `start` and goes on at `pace`. */
function playedMel(mel: Float32Array, settings: DataContract["mel"], { reference, start, frames, context, pace }: { readonly reference: number; readonly start: number; readonly frames: number; readonly context: number; readonly pace: number }): Float32Array {
  const count = columnsPerFrame * (frames + 2 * context);
  const lead = pace === 1 ? context : Math.ceil(context * pace) + 1;
  const needed = pace === 1 ? frames + 2 * context : Math.ceil((frames + context) * pace) + lead + 1;
  const source = new Float32Array(settings.bands * columnsPerFrame * needed);
  melWindow(mel, { settings, reference, start: start - lead, frames: needed, context: 0 }, source);
  if (pace === 1) return source;
  const middle = (columnsPerFrame - 1) / 2; // of a frame: there it shows what its columns say
  return playMel(source, settings.bands, { first: columnsPerFrame * lead + middle - pace * (columnsPerFrame * context + middle), pace, count });
}

/** A row of zeros but for a 1 at `place`; zeros alone for -1. */
function oneHot(place: number, width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => (i === place ? 1 : 0));
}

/** Views from anywhere in the clip, away from the window where the clip is long enough. */
function pickViews(total: number, start: number, frames: number, views: number, random: WindowChoice["random"]): number[] {
  const away = Array.from({ length: total }, (_, t) => t).filter((t) => t < start - 5 || t >= start + frames + 5);
  const pool = away.length >= views ? away : Array.from({ length: total }, (_, t) => t);
  return Array.from({ length: views }, () => random.pick(pool));
}

function mirrorPixels(pixels: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0, from = (y * size + size - 1) * 3, to = y * size * 3; x < size; x++, from -= 3, to += 3) {
      out[to] = pixels[from]!;
      out[to + 1] = pixels[from + 1]!;
      out[to + 2] = pixels[from + 2]!;
    }
  }
  return out;
}

/** A face's own shape [L, 3] mirrored: x changes sign. */
function mirrorShape(shape: Float32Array, size: number): Float32Array {
  const centred = { points: shape, pose: { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], scale: 1, translation: [0, 0] as const }, depth: 0 };
  const out = mirrorFace(centred, size).points;
  for (let i = 0; i < modelPointCount; i++) out[3 * i] = out[3 * i]! - size;
  return out;
}
