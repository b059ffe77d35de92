/**
 * Motion from points: dense backward flow from matching points of target and view, after the idea of first-order motion
 * (Siarohin et al. 2019), but in closed form: a similarity between the two point sets carries everything along, and what it leaves over
 * at each point is spread by normalised Gaussians (Nadaraya-Watson). Anchors on the border hold the background still.
 */
import { tanh } from "../../graph/ops/activation.js";
import { add, div, exp, mul, neg, square, sub } from "../../graph/ops/arithmetic.js";
import { gather } from "../../graph/ops/gather.js";
import { concat, expand, reshape, slice, transpose } from "../../graph/ops/layout.js";
import { matmul } from "../../graph/ops/matmul.js";
import { mean, softmax, sum } from "../../graph/ops/reduce.js";
import { resizeBilinear } from "../../graph/ops/resize.js";
import { gridSample } from "../../graph/ops/grid-sample.js";
import { ibug, modelPointCount, span } from "../../base/points.js";
import type { Graph } from "../../graph/graph.js";
import type { Value } from "../../graph/value.js";
import type { Params } from "../../nn/params.js";

/** Points grouped for target maps: the painter learns from them what belongs where. */
const mapGroups: readonly (readonly number[])[] = [
  span(ibug.jaw),
  span(ibug.brows),
  span(ibug.nose),
  [...span(ibug.rightEye), ...span(ibug.leftEye)],
  [68, 69],
  [48, 49, 50, 51, 52, 53, 54, 60, 61, 62, 63, 64], // upper lip
  [55, 56, 57, 58, 59, 65, 66, 67], // lower lip
];

export const mapCount = mapGroups.length;

/** How much the fit of the whole view counts beside that of a place. */
const wholeViewWeight = 4;

/** Points around which warping cannot give everything: teeth, tongue, lids, irises. */
const paintedPoints: readonly number[] = [...span(ibug.rightEye), ...span(ibug.leftEye), ...span(ibug.outerLips), ...span(ibug.innerLips)];

/** Starting widths of the Gaussians as a share of the crop's side. */
function initialSpread(point: number): number {
  if (point >= 48 && point < 68) return 0.022;
  if (point >= 36 && point < 48) return 0.02;
  if (point >= 68 && point < 70) return 0.015;
  if (point >= 17 && point < 27) return 0.035;
  return 0.05;
}

const anchorSpread = 0.1;

/** Bending, as a share of the crop's side, that counts against a view with one standard deviation. */
const bendingUnit = 0.02;

/** Fixed points on the crop's border: 4 a side, in pixels. */
function anchors(size: number): number[] {
  const steps = [0, 1 / 4, 1 / 2, 3 / 4];
  return [
    ...steps.flatMap((t) => [t * size, 0]),
    ...steps.flatMap((t) => [size, t * size]),
    ...steps.flatMap((t) => [(1 - t) * size, size]),
    ...steps.flatMap((t) => [0, (1 - t) * size]),
  ];
}

const anchorCount = 16;

/** Pixel centres of a side x side grid over the crop: [side², 2]. */
function gridCentres(graph: Graph, side: number, size: number): Value {
  const values = new Float32Array(side * side * 2);
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      values[i++] = ((x + 0.5) * size) / side;
      values[i++] = ((y + 0.5) * size) / side;
    }
  }
  return graph.constant(values, [side * side, 2]);
}

export interface Geometry {
  /** Where each grid cell of the target lies in each view, in pixels: [N, K, side, side, 2]. */
  readonly places: Value;
  /** How well each view fits each cell, 0 where it need not be bent at all, negative else: [N, K, side, side]. */
  readonly fit: Value;
  /** Where there is something to paint, 0..1: around mouth and eyes [N, 1, side, side]. */
  readonly region: Value;
  /** Soft maps of the target's point groups in 0..1: [N, mapCount, side, side]. */
  readonly maps: Value;
}

/** points [N, L, 2] of the target and viewPoints [N, K, L, 2], in pixels of the crop. */
export function pointMotion(p: Params, name: string, points: Value, viewPoints: Value, options: { readonly side: number; readonly size: number }): Geometry {
  const { side, size } = options;
  const graph = points.graph;
  const [n, k, l] = viewPoints.shape as [number, number, number, number];
  const cells = side * side;
  return p.scope(name, (q) => {
    const border = graph.constant(anchors(size), [1, anchorCount, 2]);
    const all = concat([points, expand(border, [n, anchorCount, 2])], 1); // [N, M, 2]
    const allInView = concat([viewPoints, expand(reshape(border, [1, 1, anchorCount, 2]), [n, k, anchorCount, 2])], 2); // [N, K, M, 2]
    const m = l + anchorCount;
    const carry = similarity(points, viewPoints);

    const grid = gridCentres(graph, side, size); // [cells, 2]
    const cross = matmul(grid, transpose(all, [0, 2, 1])); // [N, cells, M]
    const ofGrid = reshape(sum(square(grid), { axes: [1], keepDims: true }), [1, cells, 1]);
    const ofPoints = reshape(sum(square(all), { axes: [2], keepDims: false }), [n, 1, m]);
    const distance = add(sub(ofGrid, mul(cross, 2)), ofPoints); // squared, [N, cells, M]

    const start = [...Array.from({ length: modelPointCount }, (_, i) => initialSpread(i)), ...Array.from({ length: anchorCount }, () => anchorSpread)];
    const logSpread = q.get("log-spread", [m], { kind: "values", values: start.map((s) => Math.log(s)) });
    const sharpness = div(exp(mul(logSpread, -2)), 2 * size * size); // 1 / (2 sigma²), [M]
    const weights = softmax(neg(mul(distance, sharpness)), 2); // [N, cells, M]

    const left = sub(allInView, carry(reshape(all, [n, 1, m, 2]))); // [N, K, M, 2]
    const spread = matmul(weights, reshape(transpose(left, [0, 2, 1, 3]), [n, m, k * 2])); // [N, cells, 2K]
    const local = transpose(reshape(spread, [n, cells, k, 2]), [0, 2, 1, 3]);
    const bending = div(sum(square(local), { axes: [3], keepDims: false }), -2 * (bendingUnit * size) ** 2); // [N, K, cells]
    // The view that fits best as a whole leads, so that hair and outline come from one picture; another one helps out where it fits better.
    const whole = mul(mean(bending, { axes: [2], keepDims: true }), wholeViewWeight);
    const fit = reshape(mul(add(bending, whole), q.get("fit", [1], { kind: "constant", value: 1 })), [n, k, side, side]);
    const places = add(carry(reshape(grid, [1, 1, cells, 2])), local); // [N, K, cells, 2]

    const near = exp(mul(slice(distance, 2, 0, l), -1 / (2 * (0.025 * size) ** 2))); // [N, cells, L]
    const membership = new Float32Array(l * mapCount);
    mapGroups.forEach((group, g) => group.forEach((i) => (membership[i * mapCount + g] = 1)));
    const maps = tanh(matmul(near, graph.constant(membership, [l, mapCount]))); // [N, cells, mapCount]
    const wide = exp(mul(gather(distance, paintedPoints, 2), -1 / (2 * (0.05 * size) ** 2))); // [N, cells, points]
    const region = reshape(tanh(sum(wide, { axes: [2], keepDims: false })), [n, 1, side, side]);
    return { places: reshape(places, [n, k, side, side, 2]), fit, region, maps: reshape(transpose(maps, [0, 2, 1]), [n, mapCount, side, side]) };
  });
}

/** Least-squares similarity from points [N, L, 2] to viewPoints [N, K, L, 2] (Umeyama 1991, 2-D), as a map of [*, *, R, 2]. */
function similarity(points: Value, viewPoints: Value): (x: Value) => Value {
  const [n, , l] = viewPoints.shape as [number, number, number, number];
  const from = reshape(points, [n, 1, l, 2]);
  const fromMean = mean(from, { axes: [2], keepDims: true });
  const toMean = mean(viewPoints, { axes: [2], keepDims: true }); // [N, K, 1, 2]
  const f = sub(from, fromMean);
  const t = sub(viewPoints, toMean);
  const swapped = concat([neg(slice(f, 3, 1, 2)), slice(f, 3, 0, 1)], 3); // f turned by 90 degrees
  const size = add(sum(square(f), { axes: [2, 3], keepDims: true }), 1e-6);
  const a = div(sum(mul(f, t), { axes: [2, 3], keepDims: true }), size); // [N, K, 1, 1]
  const b = div(sum(mul(swapped, t), { axes: [2, 3], keepDims: true }), size);
  return (x) => {
    const c = sub(x, fromMean);
    const turned = concat([neg(slice(c, 3, 1, 2)), slice(c, 3, 0, 1)], 3);
    return add(add(mul(c, a), mul(turned, b)), toMean);
  };
}

/** Pictures [N·K, C, H, W] seen through places [N, K, side, side, 2] (pixels of a crop of `size`) -> [N·K, C, side·up, side·up]. */
export function lookUp(pictures: Value, places: Value, size: number, up: number): Value {
  const [n, k, side] = places.shape as [number, number, number];
  const flat = reshape(places, [n * k, side, side, 2]);
  const fine = up === 1 ? flat : transpose(resizeBilinear(transpose(flat, [0, 3, 1, 2]), up), [0, 2, 3, 1]);
  return gridSample(pictures, sub(mul(fine, 2 / size), 1), { padding: "border" });
}
