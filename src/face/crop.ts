/**
 * The aligned crop "eyes-nose-smoothed-1": a square picture in which eyes and nose have fixed places in the mean over time, while the
 * head still moves within it from frame to frame.
 */
import { composeAffine, invertAffine, type Affine } from "../media/transform.js";
import { TalkfaceError } from "../base/errors.js";
import type { FaceMesh } from "./mesh.js";
import { fitPose, stablePoints } from "./pose.js";

export const cropName = "eyes-nose-smoothed-1";

/**
 * Where a frontal canonical face has the middle of its outer eye corners, and their distance, as shares of the side. Real chins then lie at
 * 0.83 with closed lips and up to 0.94 with the mouth wide open, the forehead at 0.13: room for motion that smoothing leaves in.
 */
const eyeCentre = [0.5, 0.38] as const;
const eyeSpan = 0.37;

/** Outer and inner eye corners, and the nose from bridge to tip. */
const anchorVertices = [33, 263, 133, 362, 168, 5, 4] as const;

/**
 * The map from a crop of `size` x `size` pixels to the source, of one frame with a mesh in source pixels. Scale is the pose's, not the
 * distance of the eyes in the picture, so that turning the head does not zoom.
 */
export function cropAffine({ points }: Pick<FaceMesh, "points">, size: number): Affine {
  const { scale, roll } = fitPose(points);
  const [rightX, eyeHeight] = stablePoints.get(33)!;
  const cropPerCm = (eyeSpan * size) / (-2 * rightX);
  const cosine = (Math.cos(roll) * scale) / cropPerCm; // source pixels per crop pixel
  const sine = (Math.sin(roll) * scale) / cropPerCm;

  // The anchors' mean in the source, and where the canonical face has it in the crop.
  let [x, y, u, v] = [0, 0, 0, 0];
  for (const vertex of anchorVertices) {
    const [cx, cy] = stablePoints.get(vertex)!;
    x += points[3 * vertex]! / anchorVertices.length;
    y += points[3 * vertex + 1]! / anchorVertices.length;
    u += (eyeCentre[0] * size + cx * cropPerCm) / anchorVertices.length;
    v += (eyeCentre[1] * size + (eyeHeight - cy) * cropPerCm) / anchorVertices.length;
  }
  // Positive roll is counter-clockwise as seen, which with y down is the matrix [cos, sin; -sin, cos].
  return [cosine, sine, x - cosine * u - sine * v, -sine, cosine, y + sine * u - cosine * v];
}

/**
 * Crops of a whole clip, smoothed over time with a Gaussian of `sigmaFrames`: place, log scale and angle, each for itself. Frames
 * without a face (null) are filled from their neighbours. Throws `no-face` where all are null.
 */
export function smoothCrops(affines: readonly (Affine | null)[], sigmaFrames = 8): Affine[] {
  const known = affines.flatMap((affine, t) => (affine === null ? [] : [{ t, ...parametersOf(affine) }]));
  const [first] = known;
  if (first === undefined) throw new TalkfaceError("no-face", "no face was found in any frame of the clip. Give a clip that shows a face.");
  for (let i = 1; i < known.length; i++) {
    const turns = Math.round((known[i]!.angle - known[i - 1]!.angle) / (2 * Math.PI));
    known[i]!.angle -= turns * 2 * Math.PI;
  }
  const reach = Math.ceil(3 * sigmaFrames);
  const kernel = Float64Array.from({ length: reach + 1 }, (_, d) => Math.exp(-0.5 * (d / Math.max(sigmaFrames, 1e-6)) ** 2));
  const smooth = (track: Float64Array): Float64Array =>
    track.map((_, t) => {
      let [sum, total] = [0, 0];
      for (let s = Math.max(0, t - reach); s <= Math.min(track.length - 1, t + reach); s++) {
        const weight = kernel[Math.abs(s - t)]!;
        sum += weight * track[s]!;
        total += weight;
      }
      return sum / total;
    });
  const track = (value: (parameters: Parameters) => number): Float64Array =>
    smooth(fillGaps(known.map((entry) => [entry.t, value(entry)]), affines.length));
  const x = track((p) => p.x);
  const y = track((p) => p.y);
  const logScale = track((p) => p.logScale);
  const angle = track((p) => p.angle);
  return affines.map((_, t) => {
    const cosine = Math.cos(angle[t]!) * Math.exp(logScale[t]!);
    const sine = Math.sin(angle[t]!) * Math.exp(logScale[t]!);
    return [cosine, -sine, x[t]!, sine, cosine, y[t]!];
  });
}

interface Parameters {
  x: number;
  y: number;
  logScale: number;
  angle: number;
}

function parametersOf([a, , c, d, , f]: Affine): Parameters {
  return { x: c, y: f, logScale: Math.log(Math.hypot(a, d)), angle: Math.atan2(d, a) };
}

/** Values at all frames from those known, straight lines between, the nearest one outside. */
function fillGaps(known: readonly (readonly [t: number, value: number])[], frames: number): Float64Array {
  const out = new Float64Array(frames);
  let next = 0; // first known frame after t
  for (let t = 0; t < frames; t++) {
    while (next < known.length && known[next]![0] <= t) next++;
    const [t0, v0] = known[Math.max(0, next - 1)]!;
    const [t1, v1] = known[Math.min(known.length - 1, next)]!;
    out[t] = t1 === t0 ? v0 : v0 + ((v1 - v0) * Math.min(1, Math.max(0, t - t0))) / (t1 - t0);
  }
  return out;
}

/** Points [N,stride] from source to crop pixels; a third coordinate (depth) is only scaled. */
export function pointsIntoCrop(points: Float32Array, stride: 2 | 3, cropToSource: Affine): Float32Array {
  const [a, b, c, d, e, f] = invertAffine(cropToSource);
  const scale = Math.hypot(a, d);
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += stride) {
    const x = points[i]!;
    const y = points[i + 1]!;
    out[i] = a * x + b * y + c;
    out[i + 1] = d * x + e * y + f;
    if (stride === 3) out[i + 2] = points[i + 2]! * scale;
  }
  return out;
}

/** The same crop at another size: `from` x `from` pixels became `to` x `to`. */
export function resizeCrop(cropToSource: Affine, from: number, to: number): Affine {
  const ratio = from / to;
  return composeAffine(cropToSource, [ratio, 0, 0, 0, ratio, 0]);
}
