/** Metrics of how a face moves over time, and of how long it does. */
import { pearson } from "../../metrics/correlation.js";
import { lipsProtocol, measureMouth, type MouthMeasure, seriesOf } from "../../metrics/lips.js";
import type { Metric } from "../../metrics/metric.js";
import { landmarker } from "./faces.js";

/** With fewer frames a correlation is chance. */
const fewestFrames = 10;

const lips: Metric = {
  name: "lips",
  title: "lip opening correlation",
  scores: [{ name: "lips", unit: "r", better: "higher" }],
  reference: "full",
  needs: ["faces"],
  speech: true,
  protocol: `lips: ${lipsProtocol}; ${landmarker}`,
  start: () => {
    const [own, other]: [MouthMeasure[], MouthMeasure[]] = [[], []];
    /** Whether a frame is among them. */
    const isSeen: boolean[] = [];
    return {
      add({ made, real }) {
        isSeen.push(made.mesh !== null && real !== null && real.mesh !== null);
        if (made.mesh === null || real === null || real.mesh === null) return;
        own.push(measureMouth(made.mesh));
        other.push(measureMouth(real.mesh));
      },
      finish() {
        const frames = own.length;
        if (frames < fewestFrames) return { missing: `${frames} frames show a face in both videos, at least ${fewestFrames} are needed` };
        const [a, b] = [seriesOf(own).lips, seriesOf(other).lips];
        return { values: { lips: pearson(a, b) }, frames, curves: { "opening made": spread(a, isSeen), "opening real": spread(b, isSeen) } };
      },
    };
  },
};

/** The values on the frames that they are of. */
function spread(values: Float32Array, isSeen: readonly boolean[]): number[] {
  let i = 0;
  return isSeen.map((seen) => (seen ? values[i++]! : Number.NaN));
}

const lengthRatio: Metric = {
  name: "length-ratio",
  title: "length ratio",
  scores: [{ name: "length-ratio", unit: "", better: "near 1" }],
  reference: "full",
  needs: [],
  protocol: "length-ratio: frames of the made video over those of the real one, both at 25 a second by time stamp",
  start: () => ({
    add: () => undefined,
    finish: ({ made, real }) => (real === 0 ? { missing: "there is no real video" } : { values: { "length-ratio": made / real }, frames: Math.max(made, real) }),
  }),
};

export const movementMetrics: readonly Metric[] = [lips, lengthRatio];
