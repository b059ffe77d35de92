/** Pooling over 1 to 3 spatial axes: windows and whole maps. */
import { apply } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { perAxis, show, sizeOf, windowOutput, type Window } from "../shape.js";
import type { Call, Operator, Value } from "../value.js";
import { add, div, mul } from "./arithmetic.js";
import { cast, equal } from "./compare.js";
import { convTranspose } from "./conv.js";
import { cutAxes, expand, pad, placeBack, reshape, type Cut } from "./layout.js";
import { sum } from "./reduce.js";
import { repeatEach } from "./resize.js";

type PoolCall = Call<readonly [Value], Window>;

function pooling(onnx: string, vjp: (call: PoolCall) => readonly [Value]): Operator<readonly [Value], Window> {
  return {
    onnx,
    infer: ([x], window) => ({ dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...windowOutput(x.shape.slice(2), window)] }),
    encode: ({ kernel, stride, pads }): Record<string, OnnxAttribute> => ({
      kernel_shape: { kind: "ints", value: kernel },
      strides: { kind: "ints", value: stride },
      pads: { kind: "ints", value: pads },
    }),
    vjp,
  };
}

const AveragePool = pooling("AveragePool", (call) => {
  const { inputs: [x], attributes: { kernel, stride }, dy } = call;
  const share = div(dy, sizeOf(kernel));
  if (kernel.every((k, i) => k === stride[i])) return [padTo(repeatEach(share, kernel), x)];
  // overlapping windows: every channel by itself through a transposed convolution with ones
  const size = dy.shape.slice(2);
  const ones = expand(x.graph.scalar(1, x.dtype), [1, 1, ...kernel]);
  const dx = convTranspose(reshape(share, [x.shape[0]! * x.shape[1]!, 1, ...size]), ones, { stride });
  return [padTo(reshape(dx, [...x.shape.slice(0, 2), ...dx.shape.slice(2)]), x)];
});

// The elements of a window that equal its maximum share the gradient.
const MaxPool = pooling("MaxPool", ({ inputs: [x], attributes: window, y, dy }) => {
  const { kernel, stride } = window;
  if (kernel.every((k, i) => k === stride[i])) {
    const mask = cast(equal(x, padTo(repeatEach(y, kernel), x)), x.dtype);
    const ties = mul(averagePool(mask, kernel), sizeOf(kernel));
    return [mul(mask, padTo(repeatEach(div(dy, ties), kernel), x))];
  }
  const places = windowCuts(window, y.shape.slice(2));
  const masks = places.map((cuts) => cast(equal(cutAxes(x, cuts), y), x.dtype));
  const share = div(dy, masks.reduce((total, mask) => add(total, mask)));
  return [masks.map((mask, i) => placeBack(mul(share, mask), x.shape, places[i]!)).reduce((total, part) => add(total, part))];
});

const GlobalAveragePool: Operator<readonly [Value], null> = {
  onnx: "GlobalAveragePool",
  infer: ([x]) => ({ dtype: x.dtype, shape: globalShape("GlobalAveragePool", x) }),
  vjp: ({ inputs: [x], dy }) => [expand(div(dy, sizeOf(x.shape.slice(2))), x.shape)],
};

const GlobalMaxPool: Operator<readonly [Value], null> = {
  onnx: "GlobalMaxPool",
  infer: ([x]) => ({ dtype: x.dtype, shape: globalShape("GlobalMaxPool", x) }),
  vjp: ({ inputs: [x], y, dy }) => {
    const mask = cast(equal(x, y), x.dtype);
    return [mul(mask, div(dy, sum(mask, { axes: spatialAxes(x), keepDims: true })))];
  },
};

/**
 * Mean over windows of x [N,C,…]; the stride is the kernel unless given. Elements that fill no window are dropped;
 * zeros of the padding (a number, or one for each axis, on both sides) count.
 */
export function averagePool(x: Value, kernel: number | readonly number[], stride: number | readonly number[] = kernel, padding: number | readonly number[] = 0): Value {
  const framed = frame("AveragePool", x, padding, 0);
  return apply(AveragePool, [framed], windowOf("AveragePool", framed, kernel, stride));
}

/**
 * Maximum over windows of x [N,C,…]; the stride is the kernel unless given. Elements at a tie share the gradient; the
 * padding (a number, or one for each axis, on both sides) never wins.
 */
export function maxPool(x: Value, kernel: number | readonly number[], stride: number | readonly number[] = kernel, padding: number | readonly number[] = 0): Value {
  const framed = frame("MaxPool", x, padding, x.dtype === "float16" ? -65504 : lowest);
  return apply(MaxPool, [framed], windowOf("MaxPool", framed, kernel, stride));
}

/** Mean of every channel of x [N,C,…] → [N,C,1,…]. */
export function globalAveragePool(x: Value): Value {
  return apply(GlobalAveragePool, [x], null);
}

/** Maximum of every channel of x [N,C,…] → [N,C,1,…]; elements at a tie share the gradient. */
export function globalMaxPool(x: Value): Value {
  return apply(GlobalMaxPool, [x], null);
}

/** The lowest float32. */
const lowest = -3.4028234663852886e38;

function spatialAxes(x: Value): number[] {
  return x.shape.map((_, i) => i).slice(2);
}

function globalShape(op: string, x: Value): number[] {
  if (x.shape.length < 3 || sizeOf(x.shape) === 0) x.graph.fail(op, `input ${show(x.shape)}, expected [N,C,…] with at least one spatial axis and no empty one.`);
  return x.shape.map((n, i) => (i < 2 ? n : 1));
}

/** x with a border of a value around its spatial axes. */
function frame(op: string, x: Value, padding: number | readonly number[], value: number): Value {
  const amounts = perAxis(padding, x.shape.length - 2);
  if (amounts === null || amounts.some((n) => !Number.isInteger(n) || n < 0)) {
    x.graph.fail(op, `padding ${String(padding)} does not suit the spatial axes of ${show(x.shape)}; whole numbers ≥ 0, one or one for each axis.`);
  }
  return pad(x, x.shape.map((_, i) => (i < 2 ? ([0, 0] as const) : ([amounts[i - 2]!, amounts[i - 2]!] as const))), value);
}

/** Zeros behind the last element of every spatial axis up to the size of `like`. */
function padTo(x: Value, like: Value): Value {
  return pad(x, x.shape.map((n, i) => [0, like.shape[i]! - n] as const));
}

/** For every position inside the window, the cuts that take the element at that position from all windows. */
function windowCuts({ kernel, stride }: Window, out: readonly number[]): Cut[][] {
  return kernel.reduce<Cut[][]>(
    (places, k, i) =>
      places.flatMap((cuts) =>
        Array.from({ length: k }, (_, start) => [...cuts, { axis: i + 2, start, end: start + (out[i]! - 1) * stride[i]! + 1, step: stride[i]! }]),
      ),
    [[]],
  );
}

function windowOf(op: string, x: Value, kernel: number | readonly number[], stride: number | readonly number[]): Window {
  const rank = x.shape.length - 2;
  const { graph } = x;
  if (rank < 1 || rank > 3) graph.fail(op, `input ${show(x.shape)} needs two axes and 1 to 3 spatial ones.`);
  const sizes = (what: string, value: number | readonly number[]): number[] => {
    const list = perAxis(value, rank);
    if (list !== null && list.every((n) => Number.isInteger(n) && n >= 1)) return list;
    return graph.fail(op, `${what} ${String(value)} does not suit ${rank} spatial axes of ${show(x.shape)}.`);
  };
  const window = { kernel: sizes("kernel", kernel), stride: sizes("stride", stride), dilation: perAxis(1, rank)!, pads: new Array<number>(2 * rank).fill(0) };
  if (windowOutput(x.shape.slice(2), window).some((n) => n < 1)) graph.fail(op, `the window ${show(window.kernel)} does not fit into ${show(x.shape)}.`);
  return window;
}
