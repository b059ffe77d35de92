/** Metrics of how a face moves over time, and of how long it does. */
import { pearson } from "../../metrics/correlation.js";
import { inEyeSpans } from "../../metrics/face-axes.js";
import { lipsProtocol, measureMouth } from "../../metrics/lips.js";
import type { Metric } from "../../metrics/metric.js";
import { browsProtocol, type Measured, measureBrows, measureEyes, eyesProtocol } from "../../metrics/upper-face.js";
import { landmarker } from "./faces.js";

/** With fewer frames a correlation is chance. */
const fewestFrames = 10;

/** Pearson's correlation, made against real, of a length of the face that is measured frame by frame. */
function correlation(name: string, title: string, curve: string, protocol: string, measure: (mesh: Float32Array) => Measured, speech: boolean): Metric {
  return {
    name, title, speech,
    scores: [{ name, unit: "r", better: "higher" }],
    reference: "full",
    needs: ["faces"],
    protocol: `${name}: ${protocol}; ${landmarker}`,
    start: () => {
      const [own, other]: [Measured[], Measured[]] = [[], []];
      /** Whether a frame is among them. */
      const isSeen: boolean[] = [];
      return {
        add({ made, real }) {
          isSeen.push(made.mesh !== null && real !== null && real.mesh !== null);
          if (made.mesh === null || real === null || real.mesh === null) return;
          own.push(measure(made.mesh));
          other.push(measure(real.mesh));
        },
        finish() {
          const frames = own.length;
          if (frames < fewestFrames) return { missing: `${frames} frames show a face in both videos, at least ${fewestFrames} are needed` };
          const [a, b] = [seriesOf(own), seriesOf(other)];
          return { values: { [name]: pearson(a, b) }, frames, curves: { [`${curve} made`]: spread(a, isSeen), [`${curve} real`]: spread(b, isSeen) } };
        },
      };
    },
  };
}

function seriesOf(frames: readonly Measured[]): Float32Array {
  return inEyeSpans(frames.map(({ length }) => length), frames.map(({ eyes }) => eyes));
}

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

export const movementMetrics: readonly Metric[] = [
  correlation("lips", "lip opening correlation", "opening", lipsProtocol, (mesh) => {
    const { lips, eyes } = measureMouth(mesh);
    return { length: lips, eyes };
  }, true),
  correlation("eyes", "eye opening correlation", "eyes", eyesProtocol, measureEyes, false),
  correlation("brows", "brow height correlation", "brows", browsProtocol, measureBrows, false),
  lengthRatio,
];
