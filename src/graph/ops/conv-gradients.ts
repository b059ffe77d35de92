/**
 * The two gradients of a convolution y[n,m,o] = Σ x[n,c, o·stride + k·dilation − pad]·w[m,c,k].
 * Which form is quickest was measured with `npm run bench -- conv`.
 */
import { sizeOf, windowRemainder } from "../shape.js";
import type { Value } from "../value.js";
import { conv, convTranspose, type ConvOptions, type ConvShape } from "./conv.js";
import { add } from "./arithmetic.js";
import { expand, reshape, slice, transpose } from "./layout.js";
import { matmul, swapLast } from "./matmul.js";
import { sum } from "./reduce.js";

export const dataGradientForms = ["transposed", "reversed"] as const;
export type DataGradientForm = (typeof dataGradientForms)[number];

export const weightGradientForms = ["conv", "products", "one product"] as const;
export type WeightGradientForm = (typeof weightGradientForms)[number];

/** Fewer positions than this over all images do not repay the reversal of the kernel; over three axes it always pays. */
const fewPositions = 256;

/**
 * dX [N,C,…size] from dY [N,M,…] and w [M,C/g,…]: unless a form is given, a convolution with the reversed kernel where there is
 * no stride and dY has many positions. Where that is impossible, the transposed convolution, which always is possible.
 */
export function convDataGradient(dy: Value, w: Value, size: readonly number[], c: ConvShape, given?: DataGradientForm): Value {
  const pad = reversedPads(c);
  const form = given ?? (c.kernel.length < 3 && dy.shape[0]! * sizeOf(dy.shape.slice(2)) < fewPositions ? "transposed" : "reversed");
  if (form === "reversed" && c.stride.every((s) => s === 1) && pad.every((p) => p >= 0)) {
    return conv(dy, reversedWeight(w, c.groups), { pad, dilation: c.dilation, groups: c.groups });
  }
  return convTranspose(dy, w, { stride: c.stride, pad: c.pads, dilation: c.dilation, groups: c.groups, outputPadding: windowRemainder(size, c) });
}

/** Weight of the convolution that goes back: [M, C/g, K] → [C, M/g, K reversed]. */
function reversedWeight(w: Value, groups: number): Value {
  const [m = 0, inner = 0, ...kernel] = w.shape;
  const k = sizeOf(kernel);
  // a product with the reversing matrix runs on all threads; Slice with negative steps takes five times as long
  const reversing = w.graph.constant(Array.from({ length: k * k }, (_, i) => (Math.floor(i / k) + (i % k) === k - 1 ? 1 : 0)), [k, k], w.dtype);
  const reversed = k === 1 ? w : matmul(reshape(w, [m * inner, k]), reversing);
  const swapped = transpose(reshape(reversed, [groups, m / groups, inner, k]), [0, 2, 1, 3]);
  return reshape(swapped, [groups * inner, m / groups, ...kernel]);
}

function reversedPads({ kernel, dilation, pads }: ConvShape): number[] {
  const rank = kernel.length;
  return pads.map((p, i) => dilation[i % rank]! * (kernel[i % rank]! - 1) - p);
}

/**
 * dW [M,C/g,…kernel] from x [N,C,…] and dY [N,M,…]; the form is chosen by shape unless given. "conv" is never chosen: over
 * the shapes of our networks it takes more than twice as long; it is the check of the others.
 */
export function convWeightGradient(x: Value, dy: Value, c: ConvShape, form?: WeightGradientForm): Value {
  if (form === "conv") return asConv(x, dy, c);
  const onOutput = chooseSides(x, dy, c);
  const images = x.shape[0]!;
  const part = Math.ceil(images / Math.ceil((images * copiedElements(x, dy, c, onOutput)) / mostCopied));
  const parts: Value[] = [];
  for (let from = 0; from < images; from += part) {
    const some = (v: Value): Value => (part >= images ? v : slice(v, 0, from, Math.min(images, from + part)));
    parts.push(productsOfShifts(some(x), some(dy), c, onOutput, form));
  }
  return parts.reduce((total, each) => add(total, each));
}

/** Elements of shifted copies that may be there at one time: 64 MiB of float32. Where more would be, images go by in parts. */
const mostCopied = 2 ** 24;

/** For one image. */
function copiedElements(x: Value, dy: Value, { kernel }: ConvShape, onOutput: readonly boolean[]): number {
  const length = sizeOf(kernel.map((_, i) => (onOutput[i] === true ? x : dy).shape[i + 2]!));
  const copies = (channels: number, chosen: boolean): number => channels * sizeOf(kernel.filter((_, i) => onOutput[i] === chosen));
  return length * (copies(x.shape[1]!, false) + copies(dy.shape[1]!, true));
}

function productsOfShifts(x: Value, dy: Value, c: ConvShape, onOutput: readonly boolean[], form: Exclude<WeightGradientForm, "conv"> | undefined): Value {
  const left = shiftedOutputGradient(dy, c, onOutput); // [N, M·Ky, L…]
  const right = shiftedInput(x, c, onOutput); // [N, C·Kx, L…]
  // With small maps the products of the single images, which are written, read and summed, outweigh what they multiply: join the
  // images first. Where that begins was read off the bench.
  const [a, b, length] = [left.shape[1]!, right.shape[1]!, sizeOf(left.shape.slice(2))];
  const joined = form === undefined ? (3 * a * b) / c.groups > (a + b) * length : form === "one product";
  return unfold(joined ? oneProduct(left, right, c.groups) : products(left, right, c.groups), dy.shape[1]!, c, onOutput);
}

/**
 * A kernel position is a shift of x against dY, and each kernel axis may be shifted on either side, so that a 3×3 kernel
 * takes 3 copies of x and 3 of dY instead of 9 of x:
 *   dW[m,c,i,j] = Σ dY[n,m, h − i·d + p, o] · x[n,c, h, o·s + j·d − p]     axis 0 shifted on dY's side, axis 1 on x's side
 * Chosen is what costs least; an axis with a stride stays on x's side. An element copied costs about as much as 20
 * multiplications in the product (16→16 channels, 128², 3×3).
 */
function chooseSides(x: Value, dy: Value, c: ConvShape): boolean[] {
  const rank = c.kernel.length;
  const back = reversedPads(c);
  const [channels, outputs] = [x.shape[1]!, dy.shape[1]!];
  const cost = (onOutput: readonly boolean[]): number => {
    const length = sizeOf(c.kernel.map((_, i) => (onOutput[i] === true ? x : dy).shape[i + 2]!));
    const copies = (n: number, chosen: boolean): number => {
      const k = sizeOf(c.kernel.filter((_, i) => onOutput[i] === chosen));
      return k === 1 && c.stride.every((s, i) => s === 1 || onOutput[i] !== chosen) ? 0 : n * k;
    };
    return length * (20 * (copies(channels, false) + copies(outputs, true)) + (channels / c.groups) * outputs * sizeOf(c.kernel));
  };
  const choices = Array.from({ length: 2 ** rank }, (_, bits) => c.kernel.map((_, i) => (bits >> i) % 2 === 1));
  const possible = choices.filter((choice) => choice.every((on, i) => !on || (c.stride[i] === 1 && back[i]! >= 0 && back[i + rank]! >= 0)));
  return possible.reduce((best, choice) => (cost(choice) < cost(best) ? choice : best));
}

/** x at every kernel position of the axes on its side, at the outputs' places; the other axes stay whole. */
function shiftedInput(x: Value, c: ConvShape, onOutput: readonly boolean[]): Value {
  const pick = (list: readonly number[], rest: number): number[] => list.map((v, i) => (onOutput[i % onOutput.length] === true ? rest : v));
  return shifts(x, pick(c.kernel, 1), { stride: pick(c.stride, 1), dilation: pick(c.dilation, 1), pad: pick(c.pads, 0) }, false);
}

/** dY at every kernel position of the axes on its side, as long as the input there; the other axes stay whole. */
function shiftedOutputGradient(dy: Value, c: ConvShape, onOutput: readonly boolean[]): Value {
  const pick = (list: readonly number[], rest: number): number[] => list.map((v, i) => (onOutput[i % onOutput.length] === true ? v : rest));
  return shifts(dy, pick(c.kernel, 1), { stride: 1, dilation: pick(c.dilation, 1), pad: pick(reversedPads(c), 0) }, true);
}

/**
 * Every channel once for each kernel position: [N,C,…] → [N, C·K, …], as a depthwise convolution with one-hot kernels:
 * that runs on all threads, Slice and Concat on one.
 */
function shifts(x: Value, kernel: readonly number[], options: Required<Omit<ConvOptions, "groups">>, reversed: boolean): Value {
  const k = sizeOf(kernel);
  const all = (n: number | readonly number[], wanted: number): boolean => (typeof n === "number" ? [n] : n).every((v) => v === wanted);
  if (k === 1 && all(options.stride, 1) && all(options.pad, 0)) return x;
  const channels = x.shape[1]!;
  const hot = Array.from({ length: k * k }, (_, i) => (i % k === (reversed ? k - 1 - Math.floor(i / k) : Math.floor(i / k)) ? 1 : 0));
  const kernels = expand(x.graph.constant(hot, [1, k, 1, ...kernel], x.dtype), [channels, k, 1, ...kernel]);
  return conv(x, reshape(kernels, [channels * k, 1, ...kernel]), { ...options, groups: channels });
}

/** [N, A, L…] and [N, B, L…] → [g, A/g, B/g]: a product for every image, then their sum. */
function products(left: Value, right: Value, groups: number): Value {
  const rows = (v: Value): Value => reshape(v, [v.shape[0]!, groups, v.shape[1]! / groups, sizeOf(v.shape.slice(2))]);
  return sum(matmul(rows(left), swapLast(rows(right))), { axes: [0] });
}

/** The same with all images in one long product. */
function oneProduct(left: Value, right: Value, groups: number): Value {
  const rows = (v: Value): Value => {
    const [n = 0, channels = 0, ...size] = v.shape;
    return reshape(transpose(reshape(v, [n, channels, sizeOf(size)]), [1, 0, 2]), [groups, channels / groups, n * sizeOf(size)]);
  };
  return matmul(rows(left), swapLast(rows(right)));
}

/** [g, M/g·Ky, C/g·Kx] → [M, C/g, …kernel] with the kernel axes in their order. */
function unfold(product: Value, m: number, { kernel }: ConvShape, onOutput: readonly boolean[]): Value {
  const rank = kernel.length;
  const on = (wanted: boolean): number[] => kernel.map((k, i) => (onOutput[i] === wanted ? k : 1));
  const inner = sizeOf(product.shape) / (m * sizeOf(kernel));
  const apart = reshape(product, [m, ...on(true), inner, ...on(false)]);
  const order = [0, rank + 1, ...kernel.flatMap((_, i) => [1 + i, rank + 2 + i])];
  return reshape(transpose(apart, order), [m, inner, ...kernel]);
}

/** A convolution in which images and channels change places and stride and dilation too. */
function asConv(x: Value, dy: Value, c: ConvShape): Value {
  const { groups, kernel } = c;
  const [n = 0, channels = 0, ...size] = x.shape;
  const inner = channels / groups;
  // [N, g, C/g, S] → [C/g, g·N, S]: every group's images are the input channels of its output channels
  const grouped = reshape(x, [n, groups, inner, ...size]);
  const images = reshape(transpose(grouped, [2, 1, 0, ...size.map((_, i) => i + 3)]), [inner, groups * n, ...size]);
  const weight = transpose(dy, dy.shape.map((_, i) => (i < 2 ? 1 - i : i))); // [M, N, O]
  let dw = conv(images, weight, { stride: c.dilation, dilation: c.stride, pad: c.pads, groups }); // [C/g, M, K + remainder]
  kernel.forEach((k, i) => (dw = slice(dw, i + 2, 0, k)));
  return transpose(dw, dw.shape.map((_, i) => (i < 2 ? 1 - i : i)));
}
