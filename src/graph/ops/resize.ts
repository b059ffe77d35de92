/** Enlarging pictures by whole factors. */
import { apply } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { show } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { matmul } from "./matmul.js";
import { mul } from "./arithmetic.js";
import { averagePool } from "./pool.js";

type ResizeInputs = readonly [Value, Value, Value];

function resize(attributes: Readonly<Record<string, OnnxAttribute>>, adjoint: (dy: Value, x: Value, scale: number) => Value): Operator<ResizeInputs, { scale: number }> {
  return {
    onnx: "Resize",
    infer: ([x], { scale }) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => (i < 2 ? n : n * scale)) }),
    encode: () => attributes,
    vjp: ({ inputs: [x], attributes: { scale }, dy }) => [adjoint(dy, x, scale), null, null],
  };
}

const Nearest = resize(
  {
    mode: { kind: "string", value: "nearest" },
    nearest_mode: { kind: "string", value: "floor" },
    coordinate_transformation_mode: { kind: "string", value: "asymmetric" },
  },
  (dy, x, scale) => mul(averagePool(dy, scale), scale ** (x.shape.length - 2)),
);

const Bilinear = resize(
  { mode: { kind: "string", value: "linear" }, coordinate_transformation_mode: { kind: "string", value: "half_pixel" } },
  // y = R·x·Cᵀ, so dx = Rᵀ·dy·C with the constant interpolation matrices R and C
  (dy, x, scale) => {
    const [h = 0, w = 0] = x.shape.slice(2);
    const columns = x.graph.constant(interpolation(w, scale), [w * scale, w]);
    const rows = x.graph.constant(transposed(interpolation(h, scale), h * scale, h), [h, h * scale]);
    return matmul(rows, matmul(dy, columns));
  },
);

/** Repeats every pixel of x [N,C,…] `scale` times along every spatial axis. */
export function resizeNearest(x: Value, scale: number): Value {
  check(x, scale, [1, 2, 3]);
  return scale === 1 ? x : apply(Nearest, resizeInputs(x, scale), { scale });
}

/** Enlarges x [N,C,H,W] with bilinear interpolation between pixel centres (half-pixel; borders repeat). */
export function resizeBilinear(x: Value, scale: number): Value {
  check(x, scale, [2]);
  return scale === 1 ? x : apply(Bilinear, resizeInputs(x, scale), { scale });
}

function check(x: Value, scale: number, ranks: readonly number[]): void {
  if (!ranks.includes(x.shape.length - 2)) x.graph.fail("Resize", `cannot enlarge ${show(x.shape)}; expected [N,C,…] with ${ranks.join(" or ")} spatial axes.`);
  if (!Number.isInteger(scale) || scale < 1) x.graph.fail("Resize", `the scale is ${scale}, expected a whole number ≥ 1.`);
  if (x.dtype !== "float32") x.graph.fail("Resize", `expects float32, got ${x.dtype}; cast it.`);
}

/** Input, an empty region of interest, scales. */
function resizeInputs(x: Value, scale: number): ResizeInputs {
  const { graph } = x;
  return [x, graph.constant([], [0]), graph.constant(x.shape.map((_, i) => (i < 2 ? 1 : scale)), [x.shape.length])];
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
