/**
 * ONNX's Resize in ours: bilinear at half-pixel centres and repetition by whole factors have operators of their own, everything
 * else is one constant matrix for each axis, or a choice of elements.
 */
import { gather } from "../ops/gather.js";
import { transpose } from "../ops/layout.js";
import { matmul } from "../ops/matmul.js";
import { repeatEach, resizeBilinearTo } from "../ops/resize.js";
import { show } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader } from "./node-reader.js";

/** Largest interpolation matrix of an axis. */
const matrixLimit = 1 << 24;

interface AxisResize {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  /** Place in the source, in elements from the first one's centre, of every element of the result. */
  readonly places: readonly number[];
}

export function resized(node: NodeReader): Value {
  const x = node.value(0);
  const mode = node.word("mode", ["nearest", "linear", "cubic"]);
  const coordinates = node.word("coordinate_transformation_mode", ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]);
  const nearest = node.word("nearest_mode", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]);
  const cubicSlope = node.float("cubic_coeff_a", -0.75);
  checkSettings(node);
  const changes = axisChanges(node, x, coordinates);
  if (mode === "nearest") return picked(x, changes, nearest);
  const spatial = x.shape.length === 4 && changes.every(({ axis }) => axis >= 2);
  if (mode === "linear" && x.dtype === "float32" && spatial && changes.every((change) => isHalfPixel(change))) {
    return resizeBilinearTo(x, [2, 3].map((axis) => changes.find((change) => change.axis === axis)?.to ?? x.shape[axis]!) as [number, number]);
  }
  return changes.reduce((part, change) => {
    if (change.from * change.to > matrixLimit) node.fail(`axis ${change.axis} from ${change.from} to ${change.to} is too long.`);
    return along(part, change, mode === "linear" ? linearWeights(change) : cubicWeights(change, cubicSlope));
  }, x);
}

function checkSettings(node: NodeReader): void {
  if (node.flag("antialias", false)) node.fail("averages (antialias); plain sampling is supported.");
  if (node.flag("exclude_outside", false)) node.fail("leaves out what lies outside (exclude_outside); repeated borders are supported.");
  node.word("keep_aspect_ratio_policy", ["stretch"]);
  node.float("extrapolation_value", 0); // concerns tf_crop_and_resize, as does the region of input 1
  node.has(1);
}

/** Axes whose length changes, with the lengths from `sizes` or `scales`. */
function axisChanges(node: NodeReader, x: Value, coordinates: string): AxisResize[] {
  const axes = node.axes(node.ints("axes") ?? x.shape.map((_, i) => i), x.shape.length);
  const sizes = node.has(3) ? node.numbers(3, "sizes") : [];
  const scales = node.has(2) ? node.numbers(2, "scales") : [];
  const given = sizes.length > 0 ? sizes : scales;
  if (given.length !== axes.length) node.fail(`${given.length} sizes or scales for ${axes.length} axes of ${show(x.shape)}.`);
  return axes.flatMap((axis, i) => {
    const from = x.shape[axis]!;
    const to = sizes.length > 0 ? sizes[i]! : Math.floor(from * scales[i]!);
    const scale = sizes.length > 0 ? to / from : scales[i]!;
    if (!Number.isInteger(to) || to < 1 || to > matrixLimit || from < 1 || !(scale > 0)) node.fail(`axis ${axis} of ${show(x.shape)} cannot become ${to}.`);
    if (to === from && scale === 1) return [];
    return [{ axis, from, to, places: Array.from({ length: to }, (_, j) => place(j, from, to, scale, coordinates)) }];
  });
}

function place(j: number, from: number, to: number, scale: number, coordinates: string): number {
  switch (coordinates) {
    case "align_corners":
      return to === 1 ? 0 : (j * (from - 1)) / (to - 1);
    case "asymmetric":
      return j / scale;
    case "pytorch_half_pixel":
      return to === 1 ? 0 : (j + 0.5) / scale - 0.5;
    default:
      return (j + 0.5) / scale - 0.5;
  }
}

function isHalfPixel({ from, to, places }: AxisResize): boolean {
  return places.every((at, j) => Math.abs(at - (((j + 0.5) * from) / to - 0.5)) < 1e-9);
}

function picked(x: Value, changes: readonly AxisResize[], nearest: string): Value {
  const rounded = (at: number): number => {
    if (nearest === "floor") return Math.floor(at);
    if (nearest === "ceil") return Math.ceil(at);
    return nearest === "round_prefer_floor" ? Math.ceil(at - 0.5) : Math.floor(at + 0.5);
  };
  const choices = changes.map(({ axis, from, to, places }) => ({
    axis,
    indices: places.map((at) => Math.min(from - 1, Math.max(0, rounded(at)))),
    times: to / from,
  }));
  const repeats = choices.every(({ axis, indices, times }) => axis >= 2 && Number.isInteger(times) && indices.every((from, j) => from === Math.floor(j / times)));
  if (repeats && x.shape.length >= 3 && x.shape.length <= 5 && x.dtype === "float32") {
    return repeatEach(x, x.shape.slice(2).map((_, i) => choices.find(({ axis }) => axis === i + 2)?.times ?? 1));
  }
  return choices.reduce((part, { axis, indices }) => gather(part, indices, axis), x);
}

/** Matrix [to, from]; the borders repeat. */
function weights({ from, to }: AxisResize, taps: (row: number) => readonly (readonly [number, number])[]): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let j = 0; j < to; j++) {
    for (const [at, weight] of taps(j)) matrix[j * from + Math.min(from - 1, Math.max(0, at))]! += weight;
  }
  return matrix;
}

function linearWeights(change: AxisResize): Float32Array {
  return weights(change, (j) => {
    const at = Math.min(change.from - 1, Math.max(0, change.places[j]!));
    const low = Math.floor(at);
    return [[low, 1 - (at - low)], [low + 1, at - low]];
  });
}

/** Keys' cubic convolution (1981) with slope a. */
function cubicWeights(change: AxisResize, a: number): Float32Array {
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return weights(change, (j) => {
    const low = Math.floor(change.places[j]!);
    const t = change.places[j]! - low;
    return [[low - 1, far(1 + t)], [low, near(t)], [low + 1, near(1 - t)], [low + 2, far(2 - t)]];
  });
}

/** The matrix [to, from] times x along an axis. */
function along(x: Value, { axis, from, to }: AxisResize, matrix: Float32Array): Value {
  const rank = x.shape.length;
  const turned = Float32Array.from(matrix, (_, i) => matrix[(i % to) * from + Math.floor(i / to)]!); // [from, to]
  const last = x.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  return transpose(matmul(transpose(x, last), x.graph.constant(turned, [from, to])), last);
}
