/** Normalisation by given statistics (batch), by those of a map (instance) and by those of a row (layer). */
import { apply, applyAll } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { show, sizeOf } from "../shape.js";
import type { Operator, Value, ValueType } from "../value.js";
import { add, div, mul, neg, reciprocal, sqrt, square, sub } from "./arithmetic.js";
import { expand, reshape } from "./layout.js";
import { mean, sum } from "./reduce.js";

interface Epsilon {
  readonly epsilon: number;
}

const encodeEpsilon = ({ epsilon }: Epsilon): Record<string, OnnxAttribute> => ({ epsilon: { kind: "float", value: epsilon } });

type FiveValues = readonly [Value, Value, Value, Value, Value];
type ThreeValues = readonly [Value, Value, Value];

const BatchNormalization: Operator<FiveValues, Epsilon> = {
  onnx: "BatchNormalization",
  infer: ([x]) => x,
  encode: encodeEpsilon,
  vjp: ({ inputs: [x, scale, , average, variance], attributes: { epsilon }, dy, needs }) => {
    const axes = allButChannels(x);
    const inverse = reciprocal(sqrt(add(variance, epsilon))); // [C]
    const gain = mul(scale, inverse);
    const total = sum(dy, { axes });
    // Σ dy·x̂
    const along = mul(sum(mul(dy, sub(x, overChannels(average, x))), { axes }), inverse);
    return [
      needs[0] ? mul(dy, overChannels(gain, x)) : null,
      needs[1] ? along : null,
      needs[2] ? total : null,
      needs[3] ? neg(mul(gain, total)) : null,
      needs[4] ? mul(mul(mul(gain, inverse), along), -0.5) : null,
    ];
  },
};

/** `plain`: the scale is 1 and the bias 0, so the output is the normalised value itself. */
const InstanceNormalization: Operator<ThreeValues, Epsilon & { readonly plain: boolean }> = {
  onnx: "InstanceNormalization",
  infer: ([x]) => x,
  encode: encodeEpsilon,
  vjp: ({ inputs: [x, scale], attributes: { epsilon, plain }, y, dy, needs }) => {
    const overMap = { axes: x.shape.map((_, i) => i).slice(2), keepDims: true };
    const centred = sub(x, mean(x, overMap));
    const inverse = reciprocal(sqrt(add(mean(square(centred), overMap), epsilon))); // [N,C,1,…]
    const unit = plain ? y : mul(centred, inverse);
    const g = plain ? dy : mul(dy, overChannels(scale, x));
    return [
      needs[0] ? mul(sub(sub(g, mean(g, overMap)), mul(unit, mean(mul(g, unit), overMap))), inverse) : null,
      needs[1] ? sum(mul(dy, unit), { axes: allButChannels(x) }) : null,
      needs[2] ? sum(dy, { axes: allButChannels(x) }) : null,
    ];
  },
};

// Mean and inverse deviation are outputs too, so that the gradient need not compute them again.
const LayerNormalization: Operator<ThreeValues, Epsilon> = {
  onnx: "LayerNormalization",
  infer: ([x]): readonly ValueType[] => {
    const row: ValueType = { dtype: x.dtype, shape: x.shape.with(-1, 1) };
    return [x, row, row];
  },
  encode: (attributes) => ({ ...encodeEpsilon(attributes), axis: { kind: "int", value: -1 } }),
  vjp: ({ inputs: [x, scale], outputs, dys: [dy, dAverage, dInverse], needs }) => {
    const [, average, inverse] = outputs as ThreeValues;
    const overRow = { axes: [-1], keepDims: true };
    const rows = x.shape.map((_, i) => i).slice(0, -1);
    const unit = mul(sub(x, average), inverse);
    const parts: Value[] = [];
    if (dy != null) {
      const g = mul(dy, scale);
      parts.push(mul(sub(sub(g, mean(g, overRow)), mul(unit, mean(mul(g, unit), overRow))), inverse));
    }
    const n = x.shape.at(-1)!;
    if (dAverage != null) parts.push(expand(div(dAverage, n), x.shape));
    // d(v + ε)^(−1/2) = −(x − m)·inverse³/n
    if (dInverse != null) parts.push(neg(mul(unit, div(mul(dInverse, square(inverse)), n))));
    return [
      needs[0] ? parts.reduce((total, part) => add(total, part)) : null,
      needs[1] && dy != null ? sum(mul(dy, unit), { axes: rows }) : null,
      needs[2] && dy != null ? sum(dy, { axes: rows }) : null,
    ];
  },
};

/**
 * scale·(x − average)/√(variance + epsilon) + bias, channel by channel: x [N,C,…], the others [C] (Ioffe & Szegedy 2015).
 * Gradients reach the statistics too, so that the same node serves batch statistics and running ones; with constants
 * ONNX Runtime folds it into the convolution before it.
 */
export function batchNormalization(x: Value, scale: Value, bias: Value, average: Value, variance: Value, epsilon = 1e-5): Value {
  checkChannels("BatchNormalization", x, 2, { scale, bias, average, variance });
  return apply(BatchNormalization, [x, scale, bias, average, variance], { epsilon });
}

/** Every map of x [N,C,…] to mean 0 and deviation 1, then scale and bias [C] (Ulyanov et al. 2016). */
export function instanceNormalization(x: Value, scale?: Value, bias?: Value, epsilon = 1e-5): Value {
  const given = { ...(scale === undefined ? {} : { scale }), ...(bias === undefined ? {} : { bias }) };
  checkChannels("InstanceNormalization", x, 3, given);
  const all = (value: number): Value => x.graph.constant(new Array<number>(x.shape[1]!).fill(value), [x.shape[1]!]);
  return apply(InstanceNormalization, [x, scale ?? all(1), bias ?? all(0)], { epsilon, plain: scale === undefined && bias === undefined });
}

/** Every row of x [.., D] to mean 0 and deviation 1, then scale and bias [D] (Ba et al. 2016). */
export function layerNormalization(x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value {
  const width = x.shape.at(-1);
  for (const [name, value] of Object.entries({ scale, bias })) {
    if (value.shape.length !== 1 || value.shape[0] !== width) x.graph.fail("LayerNormalization", `the ${name} is ${show(value.shape)}, expected [${String(width)}] for ${show(x.shape)}.`);
  }
  return applyAll(LayerNormalization, [x, scale, bias], { epsilon })[0]!;
}

/** Axes of [N,C,…] other than the channels. */
function allButChannels(x: Value): number[] {
  return x.shape.map((_, i) => i).filter((i) => i !== 1);
}

/** A vector [C] as it broadcasts to x [N,C,…]. */
export function overChannels(v: Value, x: Value): Value {
  return reshape(v, [v.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
}

function checkChannels(op: string, x: Value, rank: number, vectors: Readonly<Record<string, Value>>): void {
  if (x.shape.length < rank || sizeOf(x.shape) === 0) x.graph.fail(op, `input ${show(x.shape)}, expected [N,C${rank > 2 ? ",…] with at least one spatial axis" : ",…]"} and no empty axis.`);
  if (x.dtype !== "float32") x.graph.fail(op, `expects float32, got ${x.dtype}; cast it.`);
  for (const [name, value] of Object.entries(vectors)) {
    if (value.shape.length !== 1 || value.shape[0] !== x.shape[1]) x.graph.fail(op, `the ${name} is ${show(value.shape)}, expected [${x.shape[1]}] for ${show(x.shape)}.`);
  }
}
