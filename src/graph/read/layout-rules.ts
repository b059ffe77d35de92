/** ONNX's operators that move, cut, repeat and pick elements, in ours. */
import { padEdge, padReflect } from "../ops/border.js";
import { gather, gatherElements, scatterAdd } from "../ops/gather.js";
import { concat, expand, pad, reshape, slice, split, tile, transpose } from "../ops/layout.js";
import { pixelShuffle } from "../ops/pixel-shuffle.js";
import { arrayOf, fromBytes } from "../dtype.js";
import { broadcast, show, sizeOf } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

export const layoutRules: Readonly<Record<string, Rule>> = {
  Concat: (node) => {
    const xs = node.values();
    return concat(xs, node.axis(node.int("axis", NaN), xs[0]));
  },
  ConstantOfShape: (node) => {
    const { dtype, data } = node.tensor("value") ?? { dtype: "float32", data: new Uint8Array(4) };
    return expand(node.graph.constant(fromBytes(dtype, data), [], dtype), node.numbers(0, "shape"));
  },
  DepthToSpace: (node) => {
    const [x, block, mode] = [node.value(0), node.int("blocksize", 0), node.word("mode", ["DCR", "CRD"])];
    if (mode === "CRD") return pixelShuffle(x, block);
    const [n, c, h, w] = pictures(node, x);
    return reshape(transpose(reshape(x, [n, block, block, c / (block * block), h, w]), [0, 3, 4, 1, 5, 2]), [n, c / (block * block), h * block, w * block]);
  },
  Expand: (node) => {
    const [x, shape] = [node.value(0), node.numbers(1, "shape")];
    return expand(x, broadcast(x.shape, shape) ?? node.fail(`${show(x.shape)} does not expand to ${show(shape)}.`));
  },
  Flatten: (node) => {
    const x = node.value(0);
    const axis = node.int("axis", 1);
    const at = axis === x.shape.length ? axis : node.axis(axis, x);
    return reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
  },
  Gather: (node) => {
    const x = node.value(0);
    const axis = node.axis(node.int("axis", 0), x);
    const n = x.shape[axis]!;
    return gather(x, inRange(node, 1, n), axis);
  },
  GatherElements: (node) => {
    const x = node.value(0);
    const axis = node.axis(node.int("axis", 0), x);
    return gatherElements(x, inRange(node, 1, x.shape[axis]!), axis);
  },
  Pad: padded,
  Reshape: (node) => {
    const x = node.value(0);
    const copyZeros = !node.flag("allowzero", false);
    return reshape(x, node.numbers(1, "shape").map((n, i) => (n === 0 && copyZeros ? (x.shape[i] ?? node.fail(`the shape takes size ${i} of ${show(x.shape)}.`)) : n)));
  },
  ScatterElements: (node) => {
    if (node.word("reduction", ["none", "add"]) === "none") node.fail("overwrites elements; the reduction add is supported.");
    const x = node.value(0);
    const axis = node.axis(node.int("axis", 0), x);
    return scatterAdd(x, inRange(node, 1, x.shape[axis]!), node.value(2), axis);
  },
  Shape: (node) => {
    const { shape } = node.value(0);
    const [start, end] = [node.int("start", 0), node.int("end", shape.length)];
    return listOf(node, shape.slice(start, end));
  },
  Size: (node) => node.graph.scalar(sizeOf(node.value(0).shape), "int64"),
  Slice: (node) => {
    const x = node.value(0);
    const [starts, ends] = [node.numbers(1, "starts"), node.numbers(2, "ends")];
    const axes = node.axes(node.has(3) ? node.numbers(3, "axes") : starts.map((_, i) => i), x.shape.length);
    const steps = node.has(4) ? node.numbers(4, "steps") : starts.map(() => 1);
    if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) node.fail("starts, ends, axes and steps differ in length.");
    return axes.reduce((part, axis, i) => {
      const [n, end, step] = [part.shape[axis]!, ends[i]!, steps[i]!];
      // far below the axis means: down to and with element 0
      return slice(part, axis, starts[i]!, step < 0 && end < -n ? -Infinity : end, step);
    }, x);
  },
  SpaceToDepth: (node) => {
    const [x, block] = [node.value(0), node.int("blocksize", 0)];
    const [n, c, h, w] = pictures(node, x);
    return reshape(transpose(reshape(x, [n, c, h / block, block, w / block, block]), [0, 3, 5, 1, 2, 4]), [n, c * block * block, h / block, w / block]);
  },
  Split: (node) => {
    const x = node.value(0);
    const axis = node.axis(node.int("axis", 0), x);
    const count = node.int("num_outputs", node.node.outputs.length);
    const sizes = node.listed(1, "split") ?? evenParts(x.shape[axis]!, count);
    return split(x, sizes, axis);
  },
  Squeeze: (node) => {
    const x = node.value(0);
    const axes = node.listed(1, "axes") ?? x.shape.flatMap((n, i) => (n === 1 ? [i] : []));
    const at = node.axes(axes, x.shape.length);
    if (at.some((i) => x.shape[i] !== 1)) node.fail(`axes ${show(axes)} of ${show(x.shape)} are not all 1.`);
    return reshape(x, x.shape.filter((_, i) => !at.includes(i)));
  },
  Tile: (node) => tile(node.value(0), node.numbers(1, "repeats")),
  Transpose: (node) => {
    const x = node.value(0);
    return transpose(x, node.ints("perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i));
  },
  Unsqueeze: (node) => {
    const x = node.value(0);
    const axes = node.listed(1, "axes") ?? node.fail("has no axes.");
    const rank = x.shape.length + axes.length;
    const at = node.axes(axes, rank);
    const sizes = [...x.shape];
    return reshape(x, Array.from({ length: rank }, (_, i) => (at.includes(i) ? 1 : sizes.shift()!)));
  },
};

function listOf({ graph }: NodeReader, numbers: readonly number[]): Value {
  return graph.constant(arrayOf("int64", numbers), [numbers.length], "int64");
}

/** Indices that are known and negative count from the end; our operators take them from 0 on. */
function inRange(node: NodeReader, i: number, n: number): Value {
  const known = node.known(i);
  if (known === null) return node.value(i);
  const indices = node.numbers(i, "indices");
  const wrong = indices.find((at) => at < -n || at >= n);
  if (wrong !== undefined) node.fail(`the index ${wrong} is outside an axis of ${n}.`);
  return node.graph.constant(arrayOf("int64", indices.map((at) => (at < 0 ? at + n : at))), known.shape, "int64");
}

function pictures(node: NodeReader, x: Value): [number, number, number, number] {
  return x.shape.length === 4 ? (x.shape as [number, number, number, number]) : node.fail(`expects [N,C,H,W], got ${show(x.shape)}.`);
}

/** Equal parts, the last of which may be smaller. */
function evenParts(n: number, count: number): number[] {
  const size = Math.ceil(n / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, n - i * size)));
}

function padded(node: NodeReader): Value {
  const x = node.value(0);
  const mode = node.word("mode", ["constant", "reflect", "edge"]);
  const amounts = node.numbers(1, "pads");
  const value = node.has(2) ? node.number(2, "value") : 0;
  const axes = node.axes(node.has(3) ? node.numbers(3, "axes") : x.shape.map((_, i) => i), x.shape.length);
  if (amounts.length !== 2 * axes.length) node.fail(`${amounts.length} pads for ${axes.length} axes.`);
  const wanted = x.shape.map((_, axis): readonly [number, number] => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [amounts[i]!, amounts[i + axes.length]!];
  });
  // negative amounts cut
  const cut = wanted.reduce((part, [before, after], axis) => slice(part, axis, Math.max(0, -before), Math.max(0, part.shape[axis]! + Math.min(0, after))), x);
  const pairs = wanted.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
  if (mode === "constant") return pad(cut, pairs, value);
  return mode === "reflect" ? padReflect(cut, pairs) : padEdge(cut, pairs);
}
