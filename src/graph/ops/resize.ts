/** Enlarging pictures by whole factors. */
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

const Bilinear = resize(
  { mode: { kind: "string", value: "linear" }, coordinate_transformation_mode: { kind: "string", value: "half_pixel" } },
  // y = R·x·Cᵀ, so dx = Rᵀ·dy·C with the constant interpolation matrices R and C
  (dy, x, [vertical = 1, horizontal = 1]) => {
    const [h = 0, w = 0] = x.shape.slice(2);
    const columns = x.graph.constant(interpolation(w, horizontal), [w * horizontal, w]);
    const rows = x.graph.constant(transposed(interpolation(h, vertical), h * vertical, h), [h, h * vertical]);
    return matmul(rows, matmul(dy, columns));
  },
);

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

function check(x: Value, scale: number, ranks: readonly number[]): void {
  if (!ranks.includes(x.shape.length - 2)) x.graph.fail("Resize", `cannot enlarge ${show(x.shape)}; expected [N,C,…] with ${ranks.join(" or ")} spatial axes.`);
  if (!Number.isInteger(scale) || scale < 1) x.graph.fail("Resize", `the scale is ${scale}, expected a whole number ≥ 1.`);
  if (x.dtype !== "float32") x.graph.fail("Resize", `expects float32, got ${x.dtype}; cast it.`);
}

/** Input, an empty region of interest, scales. */
function resizeInputs(x: Value, scales: readonly number[]): ResizeInputs {
  return [x, x.graph.constant([], [0]), x.graph.constant([1, 1, ...scales], [x.shape.length])];
}

/** Matrix [n·scale, n] of half-pixel linear interpolation along one axis. */
function interpolation(n: number, scale: number): Float32Array {
  const matrix = new Float32Array(n * scale * n);
  for (let j = 0; j < n * scale; j++) {
    const at = Math.min(n - 1, Math.max(0, (j + 0.5) / scale - 0.5));
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
