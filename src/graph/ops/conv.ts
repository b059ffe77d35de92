/** Convolution and its transpose over 1, 2 or 3 spatial axes; their gradients are in conv-gradients.ts. */
import { isFloat } from "../dtype.js";
import { apply } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { padsOf, perAxis, show, transposedOutput, windowOutput } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { convDataGradient, convWeightGradient } from "./conv-gradients.js";
import { sum } from "./reduce.js";

export interface ConvOptions {
  /** One number for all spatial axes, or one for each (default 1). */
  readonly stride?: number | readonly number[];
  /** A number, one for each axis (both sides), or all begins then all ends (default 0). */
  readonly pad?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly groups?: number;
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Extra output positions at the end of every axis, below the stride (default 0). */
  readonly outputPadding?: number | readonly number[];
}

/** Options in full: one number for each spatial axis, pads as begins then ends. */
export interface ConvShape {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly pads: readonly number[];
  readonly groups: number;
}

export interface ConvTransposeShape extends ConvShape {
  readonly outputPadding: readonly number[];
}

function encodeConv({ kernel, stride, dilation, pads, groups }: ConvShape): Record<string, OnnxAttribute> {
  return {
    kernel_shape: { kind: "ints", value: kernel },
    strides: { kind: "ints", value: stride },
    dilations: { kind: "ints", value: dilation },
    pads: { kind: "ints", value: pads },
    group: { kind: "int", value: groups },
  };
}

type ConvInputs = readonly [Value, Value] | readonly [Value, Value, Value];

const Conv: Operator<ConvInputs, ConvShape> = {
  onnx: "Conv",
  infer: ([x, w], c) => ({ dtype: x.dtype, shape: [x.shape[0]!, w.shape[0]!, ...windowOutput(x.shape.slice(2), c)] }),
  encode: encodeConv,
  vjp: ({ inputs: [x, w, bias], attributes: c, dy, needs }) => {
    const dx = needs[0] ? convDataGradient(dy, w, x.shape.slice(2), c) : null;
    const dw = needs[1] ? convWeightGradient(x, dy, c) : null;
    return bias === undefined ? [dx, dw] : [dx, dw, needs[2] === true ? biasGradient(dy) : null];
  },
};

const ConvTranspose: Operator<ConvInputs, ConvTransposeShape> = {
  onnx: "ConvTranspose",
  infer: ([x, w], c) => ({
    dtype: x.dtype,
    shape: [x.shape[0]!, w.shape[1]! * c.groups, ...transposedOutput(x.shape.slice(2), c, c.outputPadding)],
  }),
  encode: (c) => ({ ...encodeConv(c), output_padding: { kind: "ints", value: c.outputPadding } }),
  // the weight [C, M/g, K] of the transposed convolution C → M is the weight of a convolution M → C
  vjp: ({ inputs: [x, w, bias], attributes: { outputPadding: _, ...c }, dy, needs }) => {
    const dx = needs[0] ? apply(Conv, [dy, w], c) : null;
    const dw = needs[1] ? convWeightGradient(dy, x, c) : null;
    return bias === undefined ? [dx, dw] : [dx, dw, needs[2] === true ? biasGradient(dy) : null];
  },
};

/**
 * Convolution of x [N,C,…] with w [M, C/groups, …kernel] and an optional bias [M] → [N,M,…].
 * Sizes that the stride does not divide drop the remainder, as ONNX does.
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}, bias?: Value): Value {
  const shape = resolve("Conv", x, w, options);
  const [channels, expected] = [x.shape[1]!, w.shape[1]! * shape.groups];
  if (channels !== expected) x.graph.fail("Conv", `input has ${channels} channels ${show(x.shape)}, weight expects ${expected} ${show(w.shape)}${inGroups(shape.groups)}.`);
  if (w.shape[0]! % shape.groups !== 0) x.graph.fail("Conv", `${w.shape[0]} output channels ${show(w.shape)} do not divide into ${shape.groups} groups.`);
  const out = windowOutput(x.shape.slice(2), shape);
  if (out.some((n) => n < 1)) x.graph.fail("Conv", `the kernel ${show(shape.kernel)} with pads ${show(shape.pads)} does not fit into ${show(x.shape)}.`);
  if (bias === undefined) return apply(Conv, [x, w], shape);
  checkBias("Conv", bias, w.shape[0]!);
  return apply(Conv, [x, w, bias], shape);
}

/** Transposed convolution of x [N,C,…] with w [C, M/groups, …kernel] and an optional bias [M] → [N,M,…]. */
export function convTranspose(x: Value, w: Value, options: ConvTransposeOptions = {}, bias?: Value): Value {
  const base = resolve("ConvTranspose", x, w, options);
  const rank = base.kernel.length;
  const outputPadding = perAxis(options.outputPadding ?? 0, rank) ?? x.graph.fail("ConvTranspose", `the output padding needs one number or ${rank}.`);
  if (outputPadding.some((n, i) => n < 0 || n >= base.stride[i]!)) {
    x.graph.fail("ConvTranspose", `the output padding ${show(outputPadding)} must be below the stride ${show(base.stride)}.`);
  }
  if (x.shape[1] !== w.shape[0]) x.graph.fail("ConvTranspose", `input has ${x.shape[1]} channels ${show(x.shape)}, weight expects ${w.shape[0]} ${show(w.shape)}.`);
  if (x.shape[1]! % base.groups !== 0) x.graph.fail("ConvTranspose", `${x.shape[1]} channels do not divide into ${base.groups} groups.`);
  const shape = { ...base, outputPadding };
  const out = transposedOutput(x.shape.slice(2), shape, outputPadding);
  if (out.some((n) => n < 1)) x.graph.fail("ConvTranspose", `pads ${show(shape.pads)} leave nothing of ${show(x.shape)}.`);
  if (bias === undefined) return apply(ConvTranspose, [x, w], shape);
  checkBias("ConvTranspose", bias, w.shape[1]! * base.groups);
  return apply(ConvTranspose, [x, w, bias], shape);
}

function resolve(op: string, x: Value, w: Value, { stride = 1, pad = 0, dilation = 1, groups = 1 }: ConvOptions): ConvShape {
  const rank = x.shape.length - 2;
  const { graph } = x;
  if (rank < 1 || rank > 3 || w.shape.length !== rank + 2) {
    graph.fail(op, `input ${show(x.shape)} and weight ${show(w.shape)} need equally many axes: two and 1 to 3 spatial ones.`);
  }
  if (!isFloat(x.dtype) || w.dtype !== x.dtype) graph.fail(op, `input is ${x.dtype}, weight ${w.dtype}; both must be floats of one type.`);
  const counts = (what: string, value: number | readonly number[], low: number, list: number[] | null): number[] => {
    if (list !== null && list.every((n) => Number.isInteger(n) && n >= low)) return list;
    return graph.fail(op, `${what} ${String(value)} does not suit ${rank} spatial axes; whole numbers ≥ ${low}, one or one for each axis.`);
  };
  if (!Number.isInteger(groups) || groups < 1) graph.fail(op, `${groups} groups; expected a whole number ≥ 1.`);
  return {
    kernel: w.shape.slice(2),
    stride: counts("stride", stride, 1, perAxis(stride, rank)),
    dilation: counts("dilation", dilation, 1, perAxis(dilation, rank)),
    pads: counts("pad", pad, 0, padsOf(pad, rank)),
    groups,
  };
}

function checkBias(op: string, bias: Value, channels: number): void {
  if (bias.shape.length !== 1 || bias.shape[0] !== channels) bias.graph.fail(op, `bias ${show(bias.shape)}, expected [${channels}].`);
}

function biasGradient(dy: Value): Value {
  return sum(dy, { axes: dy.shape.map((_, i) => i).filter((i) => i !== 1) });
}

function inGroups(groups: number): string {
  return groups === 1 ? "" : ` in ${groups} groups`;
}
