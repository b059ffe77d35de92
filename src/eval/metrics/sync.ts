/** Whether lips and sound belong together, as the toolkit's own audio-lip expert hears and sees it. */
import { syncWindow } from "../../base/sync-window.js";
import { farthestOffset, SyncExpert } from "../../data/sync-expert.js";
import { columnsPerFrame, levelOf } from "../../features/speech.js";
import { type FaceFrame, faceAtRest, faceFrame } from "../../features/face-frame.js";
import { mouthMotion } from "../../features/mouth-motion.js";
import { logMel } from "../../media/spectrogram.js";
import type { Metric } from "../../metrics/metric.js";
import { modelDigest } from "../../store/model.js";
import { shippedModel } from "../../store/shipped.js";
import { joined } from "./lip-sync.js";

/** Frames that tell how a face rests; the expert takes out the mean anyway. */
const restFrames = 250;

/** Turns faces, one by one, into the motion of their mouths from the first one on; a frame without a face repeats the last one. */
class MouthTrack {
  readonly #first: FaceFrame[] = [];
  #rest: Float32Array | null = null;
  #last: Float32Array | null = null;
  readonly #motion: Float32Array[] = [];
  seen = 0;
  /** Frames before the first face. */
  skipped = 0;

  add(mesh: Float32Array | null): void {
    if (mesh === null) {
      if (this.#rest === null) {
        const last = this.#first.at(-1);
        if (last !== undefined) this.#first.push(last);
        else this.skipped += 1;
      } else if (this.#last !== null) this.#motion.push(this.#last);
      return;
    }
    this.seen += 1;
    const face = faceFrame(mesh);
    if (this.#rest !== null) {
      this.#last = mouthMotion(face, this.#rest);
      this.#motion.push(this.#last);
    } else if (this.#first.push(face) === restFrames) this.#begin();
  }

  motion(): readonly Float32Array[] {
    if (this.#rest === null && this.#first.length > 0) this.#begin();
    return this.#motion;
  }

  #begin(): void {
    const rest = faceAtRest(this.#first);
    this.#rest = rest;
    for (const face of this.#first.splice(0)) this.#motion.push(mouthMotion(face, rest));
    this.#last = this.#motion.at(-1) ?? null;
  }
}

export const syncMetrics: readonly Metric[] = [
  {
    name: "sync",
    title: "lip-sync by the toolkit's expert: cosine in step, confidence, offset",
    scores: [
      { name: "sync", unit: "", better: "higher" },
      { name: "sync-c", unit: "", better: "higher" },
      { name: "sync-offset", unit: "frames", better: "near 0" },
    ],
    reference: "none",
    needs: ["faces", "sound"],
    speech: true,
    protocol: `sync: talkface's audio-lip expert on face points (onnx/sync), cosine of means over 5 frames, offsets within ${farthestOffset} frames, confidence: best less median; from the first frame with a face on, ${syncWindow} with one at least`,
    weights: () => modelDigest(shippedModel("sync")),
    async start({ tools, sound }) {
      const expert = await tools.once("sync-expert", () => SyncExpert.open());
      const track = new MouthTrack();
      return {
        add: ({ made }) => track.add(made.mesh),
        async finish() {
          // a mouth that is mostly a repetition of the last one seen says nothing
          if (track.seen < syncWindow) return { missing: `${track.seen} frames show a face, at least ${syncWindow} are needed` };
          const { bands } = expert.contract.mel;
          const mel = logMel(await joined(sound!()), expert.contract.mel, expert.contract.sampleRateHz);
          const found = await expert.score(track.motion(), mel.subarray(track.skipped * columnsPerFrame * bands), levelOf(mel, bands).reference);
          if (found === null) return { missing: "mouth and sound have too few frames in common" };
          return { values: { sync: found.inStep, "sync-c": found.confidence, "sync-offset": found.offset }, frames: track.seen };
        },
      };
    },
  },
];
