/** Sampling a picture at arbitrary places (spatial transformer): bilinear, align_corners 0. */
import { apply } from "../graph.js";
import { show } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { add, clip, mul, sub } from "./arithmetic.js";
import { cast, floor } from "./compare.js";
import { scatterAdd } from "./gather.js";
import { concat, cutAxes, expand, filled, pad, reshape, slice } from "./layout.js";
import { sum } from "./reduce.js";

/** What lies outside the picture: black, or its border repeated. */
export type GridPadding = "zeros" | "border";

interface Sampling {
  readonly padding: GridPadding;
}

const GridSample: Operator<readonly [Value, Value], Sampling> = {
  onnx: "GridSample",
  infer: ([image, grid]) => ({ dtype: image.dtype, shape: [...image.shape.slice(0, 2), ...grid.shape.slice(1, 3)] }),
  encode: ({ padding }) => ({
    mode: { kind: "string", value: "bilinear" },
    padding_mode: { kind: "string", value: padding },
    align_corners: { kind: "int", value: 0 },
  }),
  vjp: ({ inputs: [image, grid], attributes: { padding }, dy, needs }) => [
    needs[0] ? imageGradient(image, grid, padding, dy) : null,
    needs[1] ? gridGradient(image, grid, padding, dy) : null,
  ],
};

/**
 * Samples image [N,C,H,W] at grid [N,I,J,2] → [N,C,I,J]. The grid holds (x, y) with -1 and 1 at the outer edges of the
 * picture: x = (2·column + 1)/W − 1 is the centre of a column.
 */
export function gridSample(image: Value, grid: Value, { padding }: { padding: GridPadding }): Value {
  const { graph } = image;
  if (image.dtype !== "float32" || grid.dtype !== "float32") graph.fail("GridSample", `image is ${image.dtype}, grid ${grid.dtype}; both must be float32.`);
  if (image.shape.length !== 4) graph.fail("GridSample", `the image has shape ${show(image.shape)}, expected [N,C,H,W].`);
  if (grid.shape.length !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== image.shape[0]) {
    graph.fail("GridSample", `the grid has shape ${show(grid.shape)}, expected [${image.shape[0]},I,J,2] for the image ${show(image.shape)}.`);
  }
  return apply(GridSample, [image, grid], { padding });
}

/** One coordinate (0: x, 1: y) of the grid in pixels of an axis of length n, where 0 is the first pixel's centre: [N,I,J,1]. */
function pixels(grid: Value, coordinate: 0 | 1, n: number): Value {
  return sub(mul(add(slice(grid, 3, coordinate, coordinate + 1), 1), n / 2), 0.5);
}

/**
 * Between pixels the sample is linear in x: its slope is the difference of the two columns beside it, interpolated in y.
 * The image of differences of neighbouring columns (with the outside on both sides, so one column wider), sampled at the
 * column left of the point and at the same y, gives just that; likewise for y.
 */
function gridGradient(image: Value, grid: Value, padding: GridPadding, dy: Value): Value {
  const slope = (coordinate: 0 | 1): Value => {
    const axis = 3 - coordinate;
    const n = image.shape[axis]!;
    const wide = framed(image, axis, padding); // n + 2: from one pixel before to one pixel behind
    const differences = sub(slice(wide, axis, 1, n + 2), slice(wide, axis, 0, n + 1)); // n + 1
    // pixel p of the image's axis starts the difference p + 1
    const snapped = add(floor(pixels(grid, coordinate, n)), 1);
    const place = sub(mul(add(snapped, 0.5), 2 / (n + 1)), 1);
    const other = slice(grid, 3, 1 - coordinate, 2 - coordinate);
    const at = concat(coordinate === 0 ? [place, other] : [other, place], 3);
    const samples = gridSample(differences, at, { padding }); // [N,C,I,J]
    const [count = 0, , i = 0, j = 0] = samples.shape;
    return reshape(mul(sum(mul(dy, samples), { axes: [1] }), n / 2), [count, i, j, 1]);
  };
  return concat([slope(0), slope(1)], 3);
}

/** The image with one more row or column on both sides of an axis. */
function framed(image: Value, axis: number, padding: GridPadding): Value {
  if (padding === "zeros") return pad(image, image.shape.map((_, i) => (i === axis ? ([1, 1] as const) : ([0, 0] as const))));
  const n = image.shape[axis]!;
  return concat([slice(image, axis, 0, 1), image, slice(image, axis, n - 1, n)], axis);
}

/**
 * Every output pixel gives its gradient to the four pixels around its place, in the shares of the interpolation. The
 * sum is gathered in a frame that reaches from one pixel before the image to two behind it, where the outside may end up.
 */
function imageGradient(image: Value, grid: Value, padding: GridPadding, dy: Value): Value {
  const [n = 0, c = 0, h = 0, w = 0] = image.shape;
  const count = dy.shape[2]! * dy.shape[3]!;
  const axis = (coordinate: 0 | 1, length: number): { low: Value; share: Value } => {
    const [from, to] = padding === "zeros" ? [-1, length] : [0, length - 1];
    const at = add(clip(pixels(grid, coordinate, length), from, to), 1); // in the frame
    const low = floor(at);
    return { low: reshape(low, [n, 1, count]), share: reshape(sub(at, low), [n, 1, count]) };
  };
  const [x, y] = [axis(0, w), axis(1, h)];
  const rows = reshape(dy, [n, c, count]);
  const corners = [0, 1].flatMap((down) =>
    [0, 1].map((right) => ({
      // exact in float32: a frame has far fewer than 2²⁴ pixels
      index: cast(add(mul(add(y.low, down), w + 3), add(x.low, right)), "int64"),
      weight: mul(down === 1 ? y.share : sub(1, y.share), right === 1 ? x.share : sub(1, x.share)),
    })),
  );
  const index = expand(concat(corners.map((corner) => corner.index), 2), [n, c, 4 * count]);
  const updates = concat(corners.map((corner) => mul(rows, corner.weight)), 2);
  const frame = scatterAdd(filled(rows, 0, [n, c, (h + 3) * (w + 3)]), index, updates, 2);
  return cutAxes(reshape(frame, [n, c, h + 3, w + 3]), [
    { axis: 2, start: 1, end: h + 1, step: 1 },
    { axis: 3, start: 1, end: w + 1, step: 1 },
  ]);
}
