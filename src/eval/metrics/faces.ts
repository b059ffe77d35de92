/** Metrics of where faces and their points are. */
import { ibug, ibugCount, span } from "../../base/points.js";
import { to68 } from "../../face/landmarks.js";
import { mouthDistance, rangeDistance } from "../../metrics/landmarks.js";
import { type FramePair, meanOverFrames, type Metric } from "../../metrics/metric.js";

export const noFaces = "no frame shows a face in both videos";
/** Who finds the points: figures of another landmarker do not compare. */
export const landmarker = "MediaPipe attention mesh, one face followed";

const mouth = span([ibug.outerLips[0], ibug.innerLips[1]]);

/** 68 points [L,2] of both faces, in pixels; null where one is not seen. */
export function points68({ made, real }: FramePair): { readonly made: Float32Array; readonly real: Float32Array } | null {
  return made.mesh === null || real === null || real.mesh === null ? null : { made: to68(made.mesh), real: to68(real.mesh) };
}

/** The mean over frames of one number for two faces of 68 points [L,2]. */
export function pointMetric(name: string, title: string, protocol: string, measure: (made: Float32Array, real: Float32Array) => number): Metric {
  return {
    name, title, reference: "full", needs: ["faces", "one size"],
    protocol: `${name}: ${landmarker}; ${protocol}, px of the compared picture`,
    scores: [{ name, unit: "px", better: "lower" }],
    start: () =>
      meanOverFrames(name, noFaces, (pair) => {
        const both = points68(pair);
        return both === null ? null : measure(both.made, both.real);
      }),
  };
}

function centroidDistance(a: Float32Array, b: Float32Array): number {
  const mean = (axis: number): number => mouth.reduce((sum, i) => sum + a[2 * i + axis]! - b[2 * i + axis]!, 0) / mouth.length;
  return Math.hypot(mean(0), mean(1));
}

export const faceMetrics: readonly Metric[] = [
  pointMetric("lmd", "mouth landmark distance", "20 mouth points less their centroid, mean over points and frames", mouthDistance),
  pointMetric("lmd:sum", "mouth landmark distance, summed", "20 mouth points less their centroid, sum over points, mean over frames (ATVGnet's code)", (made, real) => mouth.length * mouthDistance(made, real)),
  pointMetric("m-lmd", "mouth landmark distance", "20 mouth points less their centroid, mean over points and frames of a clip (EAT's M-LMD)", mouthDistance),
  pointMetric("f-lmd", "face landmark distance", "68 points less their centroid, mean over points and frames of a clip (EAT's F-LMD)", (made, real) => rangeDistance(made, real, [0, ibugCount])),
  pointMetric("mouth-place", "place of the mouth", "centroids of the 20 mouth points, distance, mean over frames", centroidDistance),
];
