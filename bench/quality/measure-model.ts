/** A model folder through the protocol, clip by clip. */
import { progress } from "../../src/base/log.js";
import type { QualityClip } from "./clips.js";
import { type ClipFrames, type ClipResult, type Judges, measureClip } from "./measure.js";
import { openModelDrive } from "./model-drive.js";

interface Measurement {
  /** Name on the progress line. */
  readonly label: string;
  readonly model: string;
  readonly clips: readonly QualityClip[];
  /** Clips that bring foreign speech. */
  readonly all: readonly QualityClip[];
  readonly judges: Judges;
  readonly onFrames?: (clip: QualityClip, frames: ClipFrames) => void;
}

export async function measureModel({ label, model, clips, all, judges, onFrames }: Measurement): Promise<ClipResult[]> {
  const drawing = await openModelDrive(model);
  const results: ClipResult[] = [];
  const shown = progress(label, clips.length, "clips");
  try {
    for (const clip of clips) {
      const { result, frames } = await measureClip(clip, all, drawing.drive, judges);
      results.push(result);
      onFrames?.(clip, frames);
      shown.update(results.length, clip.id);
    }
    return results;
  } finally {
    shown.finish();
    await drawing.close();
  }
}
