/** What is asked for when a video is to be made, checked before anything slow begins. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { refuseOverwrite } from "../base/files.js";
import type { FaceChoice } from "../face/analyzer.js";
import { probe, requireAudio, requireVideo } from "../media/probe.js";
import type { Device } from "../runtime/devices.js";
import { shippedModel } from "../store/shipped.js";
import { explanationPaths } from "./explanation.js";

export interface SynthRequest {
  /** Pictures, folders of pictures, or videos of the person who is to speak. */
  readonly identity: readonly string[];
  /** A video whose head motion and expression are taken over; null: a still head with blinks. */
  readonly guide: string | null;
  /** Any file with sound. */
  readonly audio: string;
  /** The video to make. */
  readonly output: string;
  /** The face alone, or the leading identity picture with the face in it. */
  readonly frame: "crop" | "full";
  /** Pixels: side of the face (`crop`), bound of the picture's longer side (`full`); null: as it comes. */
  readonly size: number | null;
  /** x264 quality, 0 to 51. */
  readonly crf: number;
  readonly seed: number;
  /** How far the mouth moves (talking-model.ts). */
  readonly articulation: number;
  /** How far the guide's lasting expression takes the place of the pictures' (talking-model.ts). */
  readonly intensity: number;
  readonly face: FaceChoice;
  readonly modelFolder: string;
  readonly device: Device;
  /** A sheet of frames beside the video. */
  readonly preview: boolean;
  /** Where the weights of the modalities are drawn, or written as a table (explanation.ts). */
  readonly explain?: string;
  readonly force: boolean;
}

/** The model that is used where none is named. */
export const defaultModelFolder = shippedModel("et-gan-acw");

export const sizeLimits = [32, 2048] as const;

/** Where the preview sheet of a video goes. */
export function previewPath(output: string): string {
  return `${output.replace(/\.[a-z0-9]+$/i, "")}.png`;
}

/** Throws `usage`, `missing-file`, `bad-media`, `bad-model`, `exists` for what can be seen without opening a network. */
export async function checkRequest(request: SynthRequest): Promise<void> {
  const { identity, guide, audio, output, size, crf, articulation, intensity, modelFolder, force } = request;
  if (identity.length === 0) throw new TalkfaceError("usage", "--id: expected pictures, a folder of pictures, or a video.");
  if (!/\.(mp4|m4v|mov)$/i.test(output)) throw new TalkfaceError("usage", `-o ${output}: expected a name that ends in .mp4.`);
  if (size !== null && !(Number.isInteger(size) && size >= sizeLimits[0] && size <= sizeLimits[1])) {
    throw new TalkfaceError("usage", `--size ${size}: expected a whole number of pixels from ${sizeLimits[0]} to ${sizeLimits[1]}.`);
  }
  if (!(articulation >= 0 && articulation <= 4)) throw new TalkfaceError("usage", `--articulation ${articulation}: expected a number from 0 (a still mouth) to 4.`);
  if (!(intensity >= 0 && intensity <= 4)) throw new TalkfaceError("usage", `--intensity ${intensity}: expected a number from 0 (the expression of the pictures) to 4.`);
  if (!(crf >= 0 && crf <= 51)) throw new TalkfaceError("usage", `--crf ${crf}: expected a number from 0 (lossless) to 51.`);
  const outputs = outputsOf(request);
  const inputs = [...identity, audio, ...(guide === null ? [] : [guide])].map((path) => resolve(path));
  for (const [i, path] of outputs.entries()) {
    if (outputs.findIndex((other) => resolve(other) === resolve(path)) < i) throw new TalkfaceError("usage", `--explain ${request.explain ?? ""}: ${path} is the sheet of --preview already. Choose another name.`);
    if (inputs.includes(resolve(path))) throw new TalkfaceError("usage", `${path}: is to be written, and would overwrite the input of that name. Choose another name.`);
    await refuseOverwrite(path, force);
    await refuseFolder(path);
  }
  for (const path of identity) await requirePresent(path);
  requireAudio(await probe(audio), audio);
  if (guide !== null) requireVideo(await probe(guide), guide);
  try {
    await stat(modelFolder);
  } catch (error) {
    throw new TalkfaceError("bad-model", `${modelFolder}: there is no model. Give --model a folder with model.json, as talkface export writes it.`, { cause: error });
  }
}

/** Every file that is asked for. */
function outputsOf({ output, preview, explain }: SynthRequest): string[] {
  const explained = explain === undefined ? null : explanationPaths(explain);
  return [output, ...(preview ? [previewPath(output)] : []), ...(explained === null ? [] : [explained.picture, ...(explained.table === null ? [] : [explained.table])])];
}

async function requirePresent(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw new TalkfaceError("usage", `${path}: is a folder, expected the name of a file to write.`);
}
