/**
 * The data contract: the figures on which preparation, training and synthesis must agree.
 * `prep-*` writes it, checkpoints and models carry it, and a mismatch names the field and both values.
 */
import { TalkfaceError } from "./errors.js";

export interface MelSettings {
  readonly windowSamples: number;
  readonly hopSamples: number;
  readonly fftSize: number;
  readonly bands: number;
  readonly lowHz: number;
  readonly highHz: number;
}

export interface DataContract {
  readonly formatVersion: 1;
  /** Frames a second of prepared and generated video. */
  readonly fps: number;
  readonly sampleRateHz: number;
  /** Side of the aligned face crop in pixels. */
  readonly size: number;
  readonly landmarks: "ibug68";
  /** Name of the alignment (face/crop.ts): which points go where in the crop. */
  readonly crop: string;
  readonly mel: MelSettings;
}

export const defaultMel: MelSettings = {
  windowSamples: 400,
  hopSamples: 160,
  fftSize: 512,
  bands: 80,
  lowHz: 55,
  highHz: 7600,
};

export function dataContract(size = 128): DataContract {
  return { formatVersion: 1, fps: 25, sampleRateHz: 16000, size, landmarks: "ibug68", crop: "eyes-nose-smoothed-1", mel: defaultMel };
}

/** Throws `bad-data` naming every field in which two contracts differ. */
export function requireSameContract(expected: DataContract, got: DataContract, where: string): void {
  const differences = compare("", expected, got);
  if (differences.length > 0) {
    throw new TalkfaceError("bad-data", `${where}: made for another data contract: ${differences.join("; ")}. Prepare the data again.`);
  }
}

function compare(prefix: string, expected: unknown, got: unknown): string[] {
  if (typeof expected === "object" && expected !== null) {
    return Object.entries(expected).flatMap(([key, value]) =>
      compare(prefix === "" ? key : `${prefix}.${key}`, value, (got as Record<string, unknown> | null | undefined)?.[key]),
    );
  }
  return expected === got ? [] : [`${prefix} is ${String(got)}, expected ${String(expected)}`];
}
