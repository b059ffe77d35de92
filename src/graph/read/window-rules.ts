/** ONNX's convolutions and pools in ours, with every way of padding that files use. */
import { mul } from "../ops/arithmetic.js";
import { conv, convTranspose } from "../ops/conv.js";
import { pad, slice } from "../ops/layout.js";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "../ops/pool.js";
import { sameShape, show, transposedOutput, type Window } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

export const windowRules: Readonly<Record<string, Rule>> = {
  AveragePool: averaged,
  Conv: convolved,
  ConvTranspose: transposed,
  GlobalAveragePool: (node) => globalAveragePool(node.value(0)),
  GlobalMaxPool: (node) => globalMaxPool(node.value(0)),
  MaxPool: (node) => {
    node.int("storage_order", 0); // concerns the places of the maxima only
    const x = node.value(0);
    const window = poolWindow(node, x);
    const lowest = x.dtype === "float16" ? -65504 : -3.4028234663852886e38;
    return maxPool(framed(x, window, lowest), window.kernel, window.stride);
  },
};

const paddings = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"] as const;

function sizesOf(node: NodeReader, name: string, x: Value, fallback?: readonly number[]): readonly number[] {
  const rank = x.shape.length - 2;
  const sizes = node.ints(name) ?? fallback ?? node.fail(`has no ${name}.`);
  if (rank < 1 || sizes.length !== rank) node.fail(`its ${name} ${show(sizes)} does not suit the input ${show(x.shape)}.`);
  if (sizes.some((n) => n < 1)) node.fail(`its ${name} ${show(sizes)} must be 1 or more.`);
  return sizes;
}

/** Kernel, stride, dilation and pads, with automatic padding and rounded-up sizes worked out. */
function windowOf(node: NodeReader, x: Value, kernel: readonly number[]): Window {
  const size = x.shape.slice(2);
  const ones = size.map(() => 1);
  const [stride, dilation] = [sizesOf(node, "strides", x, ones), sizesOf(node, "dilations", x, ones)];
  const auto = node.word("auto_pad", paddings);
  const given = node.ints("pads") ?? size.flatMap(() => [0, 0]);
  if (given.length !== 2 * size.length) node.fail(`${given.length} pads for ${size.length} spatial axes.`);
  const reach = kernel.map((k, i) => dilation[i]! * (k - 1) + 1);
  if (auto === "VALID") return { kernel, stride, dilation, pads: given.map(() => 0) };
  if (auto !== "NOTSET") {
    const total = size.map((n, i) => Math.max(0, (Math.ceil(n / stride[i]!) - 1) * stride[i]! + reach[i]! - n));
    const [less, more] = [total.map((n) => Math.floor(n / 2)), total.map((n) => Math.ceil(n / 2))];
    return { kernel, stride, dilation, pads: auto === "SAME_UPPER" ? [...less, ...more] : [...more, ...less] };
  }
  return { kernel, stride, dilation, pads: given };
}

function convolved(node: NodeReader): Value {
  const [x, w] = [node.value(0), node.value(1)];
  const kernel = sizesOf(node, "kernel_shape", x, w.shape.slice(2));
  if (!sameShape(kernel, w.shape.slice(2))) node.fail(`kernel_shape ${show(kernel)} is not that of the weight ${show(w.shape)}.`);
  const { stride, dilation, pads } = windowOf(node, x, kernel);
  const rank = kernel.length;
  // ONNX Runtime's Conv takes no negative pads
  const cut = pads.some((n) => n < 0)
    ? kernel.reduce((part, _, i) => slice(part, i + 2, Math.max(0, -pads[i]!), Math.max(0, part.shape[i + 2]! + Math.min(0, pads[i + rank]!))), x)
    : x;
  return conv(cut, w, { stride, dilation, pad: pads.map((n) => Math.max(0, n)), groups: node.int("group", 1) }, node.optional(2) ?? undefined);
}

function transposed(node: NodeReader): Value {
  const [x, w] = [node.value(0), node.value(1)];
  const kernel = sizesOf(node, "kernel_shape", x, w.shape.slice(2));
  if (!sameShape(kernel, w.shape.slice(2))) node.fail(`kernel_shape ${show(kernel)} is not that of the weight ${show(w.shape)}.`);
  const rank = kernel.length;
  const outputPadding = node.ints("output_padding") ?? kernel.map(() => 0);
  const wanted = node.ints("output_shape");
  const auto = node.word("auto_pad", paddings);
  if (outputPadding.length !== rank || (wanted !== null && wanted.length !== rank)) node.fail(`output_padding or output_shape does not suit ${rank} spatial axes.`);
  const [stride, dilation] = [sizesOf(node, "strides", x, kernel.map(() => 1)), sizesOf(node, "dilations", x, kernel.map(() => 1))];
  const given = node.ints("pads") ?? kernel.flatMap(() => [0, 0]);
  if (given.length !== 2 * rank) node.fail(`${given.length} pads for ${rank} spatial axes.`);
  const pads = [...given];
  const target = wanted ?? (auto === "SAME_UPPER" || auto === "SAME_LOWER" ? kernel.map((_, i) => x.shape[i + 2]! * stride[i]!) : null);
  if (target !== null) {
    const full = transposedOutput(x.shape.slice(2), { kernel, stride, dilation, pads: pads.map(() => 0) }, outputPadding);
    full.forEach((n, i) => {
      const total = n - target[i]!;
      if (total < 0) node.fail(`the output shape ${show(target)} is larger than ${show(full)}.`);
      const less = Math.floor(total / 2);
      [pads[i], pads[i + rank]] = auto === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    });
  } else if (auto === "VALID") pads.fill(0);
  return convTranspose(x, w, { stride, dilation, pad: pads, outputPadding, groups: node.int("group", 1) }, node.optional(2) ?? undefined);
}

interface PoolWindow extends Window {
  /** Pads as the file gives them, before room is made for windows that hang over the end (ceil_mode). */
  readonly border: readonly number[];
}

function poolWindow(node: NodeReader, x: Value): PoolWindow {
  const window = windowOf(node, x, sizesOf(node, "kernel_shape", x));
  const { kernel, stride, dilation, pads } = window;
  if (dilation.some((n) => n !== 1)) node.fail(`its dilations are ${show(dilation)}; pools without dilation are supported.`);
  if (pads.some((n) => n < 0)) node.fail(`its pads are ${show(pads)}; amounts ≥ 0 are supported.`);
  if (!node.flag("ceil_mode", false)) return { ...window, border: pads };
  const rank = kernel.length;
  const over = kernel.map((k, i) => {
    const [n, before, after, step] = [x.shape[i + 2]!, pads[i]!, pads[i + rank]!, stride[i]!];
    const count = Math.ceil((n + before + after - k) / step) + 1;
    // a window that would begin behind the last element is left out
    const kept = (count - 1) * step >= n + before ? count - 1 : count;
    return Math.max(0, (kept - 1) * step + k - n - before - after);
  });
  return { ...window, pads: pads.map((n, i) => (i < rank ? n : n + over[i - rank]!)), border: pads };
}

/** x with a border of a value as wide as the window's pads. */
function framed(x: Value, { pads }: Window, value: number): Value {
  const rank = pads.length / 2;
  return pad(x, x.shape.map((_, i) => (i < 2 ? ([0, 0] as const) : ([pads[i - 2]!, pads[i - 2 + rank]!] as const))), value);
}

/** Zeros around are averaged with the rest; where they should not count, the mean is scaled up. */
function averaged(node: NodeReader): Value {
  const x = node.value(0);
  const countBorder = node.flag("count_include_pad", false);
  const window = poolWindow(node, x);
  const { kernel, stride, border } = window;
  const y = averagePool(framed(x, window, 0), kernel, stride);
  const rank = kernel.length;
  /** For each axis, by how much the mean of each window is too small. */
  const factors = kernel.map((k, i) => {
    const [low, high] = countBorder ? [-border[i]!, x.shape[i + 2]! + border[i + rank]!] : [0, x.shape[i + 2]!];
    return Array.from({ length: y.shape[i + 2]! }, (_, o) => {
      const start = o * stride[i]! - border[i]!;
      return k / (Math.min(start + k, high) - Math.max(start, low));
    });
  });
  return factors.reduce((part, list, i) => {
    if (list.every((factor) => factor === 1)) return part;
    return mul(part, part.graph.constant(list, [list.length, ...kernel.slice(i + 1).map(() => 1)]));
  }, y);
}
