/** The trained audio-lip expert (system `sync`) at work: how well mouth and sound of a clip agree, and at which offset. */
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { mouthContext, syncRun, syncWindow } from "../base/sync-window.js";
import { mouthMotionWidth } from "../features/mouth-motion.js";
import { columnsPerFrame, melWindow } from "../features/speech.js";
import type { Device } from "../runtime/devices.js";
import { createSession, type Session } from "../runtime/session.js";
import { floats } from "../runtime/tensor.js";
import { readModel } from "../store/model.js";
import { shippedModel } from "../store/shipped.js";

/** Offsets looked at: -15 .. +15 frames. */
export const farthestOffset = 15;

export interface SyncScore {
  /** Time of the mouth less the time of the sound, in frames: negative, the mouth leads. */
  readonly offset: number;
  /** Mean cosine at the best offset, and with nothing shifted. */
  readonly best: number;
  readonly inStep: number;
  /** Best cosine less the median over all offsets. */
  readonly confidence: number;
  /** Mean cosine by offset, from -15 on [31]. */
  readonly curve: Float64Array;
}

export class SyncExpert {
  readonly contract: DataContract;
  readonly #mouth: Session;
  readonly #speech: Session;

  private constructor(contract: DataContract, mouth: Session, speech: Session) {
    this.contract = contract;
    this.#mouth = mouth;
    this.#speech = speech;
  }

  /** Opens a model folder, the shipped one by default. Throws `missing-file`, `bad-model`. */
  static async open(folder: string = shippedModel("sync"), device: Device = "cpu"): Promise<SyncExpert> {
    const { description, networks } = await readModel(folder);
    const open = async (name: string): Promise<Session> => {
      const bytes = networks.get(name);
      if (bytes === undefined) throw new TalkfaceError("bad-model", `${folder}: has no network "${name}", expected mouth and speech. Give the folder of a model of the system sync.`);
      return createSession(bytes, { device, where: `${folder}/${name}.onnx` });
    };
    const [mouth, speech] = await Promise.all([open("mouth"), open("speech")]);
    return new SyncExpert(description.contract, mouth, speech);
  }

  async close(): Promise<void> {
    await Promise.all([this.#mouth.release(), this.#speech.release()]);
  }

  /** Motion of the mouth [T][2 S] (features/mouth-motion.ts) -> codes of the frames 2 .. T-3. Fewer frames than a window have none. */
  async mouthCodes(motion: readonly Float32Array[]): Promise<Float32Array[]> {
    const total = motion.length;
    if (total < syncWindow) return [];
    const [windows] = this.#mouth.inputs[0]!.shape as [number, number, number];
    const hop = syncWindow - 2 * mouthContext;
    const starts = Array.from({ length: Math.ceil((total - syncWindow) / hop) + 1 }, (_, i) => Math.min(i * hop, total - syncWindow));
    const codes: Float32Array[] = [];
    for (let first = 0; first < starts.length; first += windows) {
      const batch = starts.slice(first, first + windows);
      const data = new Float32Array(windows * syncWindow * mouthMotionWidth);
      batch.forEach((start, w) => motion.slice(start, start + syncWindow).forEach((frame, t) => data.set(frame, (w * syncWindow + t) * mouthMotionWidth)));
      const { code } = await this.#mouth.run({ mouth: floats(data, [windows, syncWindow, mouthMotionWidth]) });
      const [, length, width] = code!.shape as [number, number, number];
      batch.forEach((start, w) => {
        for (let t = 0; t < length; t++) codes[start + t] = (code!.data as Float32Array).slice((w * length + t) * width, (w * length + t + 1) * width);
      });
    }
    return codes;
  }

  /** Log-mel [columns, M] and the level that is subtracted -> codes of T frames. */
  async speechCodes(mel: Float32Array, reference: number, frames: number): Promise<Float32Array[]> {
    const [, bands, columns] = this.#speech.inputs[0]!.shape as [number, number, number];
    const length = this.#speech.outputs[0]!.shape[1] as number;
    const context = (columns / columnsPerFrame - length) / 2;
    const codes: Float32Array[] = [];
    const window = new Float32Array(bands * columns);
    for (let start = 0; start < frames; start += length) {
      melWindow(mel, { settings: this.contract.mel, reference, start, frames: length, context }, window);
      const { code } = await this.#speech.run({ mel: floats(window, [1, bands, columns]) });
      const width = code!.shape[2] as number;
      for (let t = 0; t < Math.min(length, frames - start); t++) codes.push((code!.data as Float32Array).slice(t * width, (t + 1) * width));
    }
    return codes;
  }

  /** Agreement of a mouth [T][2 S] with its sound; null where the clip is too short to tell. */
  async score(motion: readonly Float32Array[], mel: Float32Array, reference: number): Promise<SyncScore | null> {
    const seen = runMeans(await this.mouthCodes(motion));
    if (seen.length < syncRun) return null;
    const heard = runMeans((await this.speechCodes(mel, reference, motion.length)).slice(mouthContext, motion.length - mouthContext));
    return agreement(seen, heard);
  }
}

/** Means over five frames at every frame, as rows of unit length. */
function runMeans(codes: readonly Float32Array[]): Float32Array[] {
  return Array.from({ length: Math.max(0, codes.length - syncRun + 1) }, (_, t) => {
    const mean = new Float32Array(codes[0]!.length);
    for (let i = t; i < t + syncRun; i++) codes[i]!.forEach((value, d) => (mean[d] = mean[d]! + value));
    const length = Math.hypot(...mean) + 1e-9;
    return mean.map((value) => value / length);
  });
}

/** Cosines of the mouth at t with the sound at t - offset, averaged over the frames that both have. */
export function agreement(seen: readonly Float32Array[], heard: readonly Float32Array[]): SyncScore | null {
  const curve = new Float64Array(2 * farthestOffset + 1).fill(Number.NaN);
  for (let offset = -farthestOffset; offset <= farthestOffset; offset++) {
    let [sum, count] = [0, 0];
    seen.forEach((row, t) => {
      const other = heard[t - offset];
      if (other === undefined) return;
      sum += row.reduce((dot, value, d) => dot + value * other[d]!, 0);
      count += 1;
    });
    // what hardly overlaps is chance
    if (count >= seen.length / 3 && count >= syncRun) curve[offset + farthestOffset] = sum / count;
  }
  const known = [...curve].filter(Number.isFinite).sort((a, b) => a - b);
  const best = known.at(-1);
  if (best === undefined) return null;
  return { offset: curve.indexOf(best) - farthestOffset, best, inStep: curve[farthestOffset]!, confidence: best - known[known.length >> 1]!, curve };
}
