/** Pictures of another size: by whole factors, or to any size. */
import { apply } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { show, sizeOf } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { matmul } from "./matmul.js";
import { mul } from "./arithmetic.js";
import { averagePool } from "./pool.js";

type ResizeInputs = readonly [Value, Value, Value];

function resize(
  attributes: Readonly<Record<string, OnnxAttribute>>,
  adjoint: (dy: Value, x: Value, scales: readonly number[]) => Value,
): Operator<ResizeInputs, readonly number[]> {
  return {
    onnx: "Resize",
    infer: ([x], scales) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => (i < 2 ? n : n * scales[i - 2]!)) }),
    encode: () => attributes,
    vjp: ({ inputs: [x], attributes: scales, dy }) => [adjoint(dy, x, scales), null, null],
  };
}

const Nearest = resize(
  {
    mode: { kind: "string", value: "nearest" },
    nearest_mode: { kind: "string", value: "floor" },
    coordinate_transformation_mode: { kind: "string", value: "asymmetric" },
  },
  (dy, _, scales) => mul(averagePool(dy, scales), sizeOf(scales)),
);

const bilinear = { mode: { kind: "string", value: "linear" }, coordinate_transformation_mode: { kind: "string", value: "half_pixel" } } as const;

const Bilinear = resize(
  bilinear,
  bilinearAdjoint,
);

const BilinearTo: Operator<readonly [Value, Value, Value, Value], readonly [number, number]> = {
  onnx: "Resize",
  infer: ([x], size) => ({ dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...size] }),
  encode: () => bilinear,
  vjp: ({ inputs: [x], dy }) => [bilinearAdjoint(dy, x), null, null, null],
};

/** y = R·x·Cᵀ with the constant interpolation matrices R and C, so dx = Rᵀ·dy·C. */
function bilinearAdjoint(dy: Value, x: Value): Value {
  const [h = 0, w = 0] = x.shape.slice(2);
  const [i = 0, j = 0] = dy.shape.slice(2);
  const columns = x.graph.constant(interpolation(w, j), [j, w]);
  const rows = x.graph.constant(transposed(interpolation(h, i), i, h), [h, i]);
  return matmul(rows, matmul(dy, columns));
}

/** Repeats every pixel of x [N,C,…] `scale` times along every spatial axis. */
export function resizeNearest(x: Value, scale: number): Value {
  check(x, scale, [1, 2, 3]);
  return repeatEach(x, x.shape.slice(2).map(() => scale));
}

/** Repeats every pixel `times[i]` times along spatial axis i. */
export function repeatEach(x: Value, times: readonly number[]): Value {
  return times.every((n) => n === 1) ? x : apply(Nearest, resizeInputs(x, times), times);
}

/** Enlarges x [N,C,H,W] with bilinear interpolation between pixel centres (half-pixel; borders repeat). */
export function resizeBilinear(x: Value, scale: number): Value {
  check(x, scale, [2]);
  return scale === 1 ? x : apply(Bilinear, resizeInputs(x, [scale, scale]), [scale, scale]);
}

/**
 * x [N,C,H,W] at another size [N,C,…size] with bilinear interpolation between pixel centres (half-pixel; borders repeat).
 * It samples and does not average: for less than half the size, average first.
 */
export function resizeBilinearTo(x: Value, size: readonly [number, number]): Value {
  check(x, 1, [2]);
  if (size.length !== 2 || !size.every((n) => Number.isInteger(n) && n >= 1)) x.graph.fail("Resize", `the size is ${show(size)}, expected two whole numbers ≥ 1.`);
  if (x.shape[2] === size[0] && x.shape[3] === size[1]) return x;
  const none = x.graph.constant([], [0]);
  return apply(BilinearTo, [x, none, none, x.graph.constant([...x.shape.slice(0, 2), ...size], [4], "int64")], size);
}

function check(x: Value, scale: number, ranks: readonly number[]): void {
  if (!ranks.includes(x.shape.length - 2)) x.graph.fail("Resize", `cannot enlarge ${show(x.shape)}; expected [N,C,…] with ${ranks.join(" or ")} spatial axes.`);
  if (!Number.isInteger(scale) || scale < 1) x.graph.fail("Resize", `the scale is ${scale}, expected a whole number ≥ 1.`);
  if (x.dtype !== "float32") x.graph.fail("Resize", `expects float32, got ${x.dtype}; cast it.`);
}

/** Input, an empty region of interest, scales. */
function resizeInputs(x: Value, scales: readonly number[]): ResizeInputs {
  return [x, x.graph.constant([], [0]), x.graph.constant([1, 1, ...scales], [x.shape.length])];
}

/** Matrix [count, n] of half-pixel linear interpolation from n to `count` places along one axis. */
function interpolation(n: number, count: number): Float32Array {
  const matrix = new Float32Array(count * n);
  for (let j = 0; j < count; j++) {
    const at = Math.min(n - 1, Math.max(0, ((j + 0.5) * n) / count - 0.5));
    const low = Math.min(Math.floor(at), n - 1);
    const high = Math.min(low + 1, n - 1);
    matrix[j * n + low]! += 1 - (at - low);
    matrix[j * n + high]! += at - low;
  }
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);
}
