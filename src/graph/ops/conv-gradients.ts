/**
 * The two gradients of a convolution y[n,m,o] = Σ x[n,c,o·stride + k·dilation − pad]·w[m,c,k], in several equal forms.
 */
import { sizeOf, windowOutput, windowRemainder } from "../shape.js";
import type { Value } from "../value.js";
import { conv, convTranspose, type ConvShape } from "./conv.js";
import { concat, cutAxes, flip, pad, reshape, slice, split, transpose } from "./layout.js";
import { matmul, swapLast } from "./matmul.js";
import { sum } from "./reduce.js";

export const weightGradientForms = ["conv", "offsets", "columns"] as const;
export type WeightGradientForm = (typeof weightGradientForms)[number];

/** dX [N,C,…size] from dY [N,M,…] and w [M,C/g,…]. */
export function convDataGradient(dy: Value, w: Value, size: readonly number[], c: ConvShape): Value {
  const { kernel, dilation, pads, groups } = c;
  const rank = kernel.length;
  const reversed = pads.map((p, i) => dilation[i % rank]! * (kernel[i % rank]! - 1) - p);
  if (c.stride.every((s) => s === 1) && reversed.every((p) => p >= 0)) {
    return conv(dy, flippedWeight(w, groups), { pad: reversed, dilation, groups });
  }
  return convTranspose(dy, w, { stride: c.stride, pad: pads, dilation, groups, outputPadding: windowRemainder(size, c) });
}

/** Weight of the convolution that goes back: [M, C/g, K] → [C, M/g, K reversed]. */
function flippedWeight(w: Value, groups: number): Value {
  const [m = 0, inner = 0, ...kernel] = w.shape;
  let flipped = w;
  kernel.forEach((n, i) => (flipped = n > 1 ? flip(flipped, i + 2) : flipped));
  const grouped = reshape(flipped, [groups, m / groups, inner, ...kernel]);
  const swapped = transpose(grouped, grouped.shape.map((_, i) => (i === 1 ? 2 : i === 2 ? 1 : i)));
  return reshape(swapped, [groups * inner, m / groups, ...kernel]);
}

/** dW [M,C/g,…kernel] from x [N,C,…] and dY [N,M,…]; the form is chosen by shape unless given. */
export function convWeightGradient(x: Value, dy: Value, c: ConvShape, form: WeightGradientForm = chooseForm(x, dy, c)): Value {
  if (form === "conv") return asConv(x, dy, c);
  if (c.groups > 1) return byGroups(x, dy, c, form);
  return form === "offsets" ? byOffsets(x, dy, c) : byColumns(x, dy, c);
}

function chooseForm(x: Value, dy: Value, c: ConvShape): WeightGradientForm {
  void x;
  void dy;
  return c.groups > 1 ? "conv" : "columns";
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

/** The input under every kernel position as [N, C, outputs], in row-major order of the kernel. */
function shifted(x: Value, c: ConvShape): Value[] {
  const { kernel, stride, dilation, pads } = c;
  const rank = kernel.length;
  const out = windowOutput(x.shape.slice(2), c);
  const padded = pad(x, x.shape.map((_, i) => (i < 2 ? ([0, 0] as const) : ([pads[i - 2]!, pads[i - 2 + rank]!] as const))));
  return Array.from({ length: sizeOf(kernel) }, (_, position) => {
    let rest = position;
    const cuts = kernel.map((_, i) => i).reverse().map((i) => {
      const start = (rest % kernel[i]!) * dilation[i]!;
      rest = Math.floor(rest / kernel[i]!);
      return { axis: i + 2, start, end: start + (out[i]! - 1) * stride[i]! + 1, step: stride[i]! };
    });
    return reshape(cutAxes(padded, cuts), [x.shape[0]!, x.shape[1]!, sizeOf(out)]);
  });
}

/** The matrix forms know no groups: one after the other. */
function byGroups(x: Value, dy: Value, c: ConvShape, form: WeightGradientForm): Value {
  const { groups } = c;
  const parts = (v: Value): readonly Value[] => split(v, new Array<number>(groups).fill(v.shape[1]! / groups), 1);
  const [xs, dys] = [parts(x), parts(dy)];
  return concat(xs.map((part, i) => convWeightGradient(part, dys[i]!, { ...c, groups: 1 }, form)), 0);
}

/** One product for every kernel position. */
function byOffsets(x: Value, dy: Value, c: ConvShape): Value {
  const [n = 0, m = 0, ...out] = dy.shape;
  const rows = reshape(dy, [n, m, sizeOf(out)]);
  const parts = shifted(x, c).map((part) => reshape(sum(matmul(rows, swapLast(part)), { axes: [0] }), [m, x.shape[1]!, 1]));
  return reshape(concat(parts, 2), [m, x.shape[1]!, ...c.kernel]);
}

/** One product with all kernel positions side by side (im2col). */
function byColumns(x: Value, dy: Value, c: ConvShape): Value {
  const [n = 0, m = 0, ...out] = dy.shape;
  const channels = x.shape[1]!;
  const positions = sizeOf(c.kernel);
  const rows = reshape(dy, [n, m, sizeOf(out)]);
  const columns = concat(shifted(x, c), 1); // [N, K·C, O]
  const dw = sum(matmul(rows, swapLast(columns)), { axes: [0] }); // [M, K·C]
  return reshape(transpose(reshape(dw, [m, positions, channels]), [0, 2, 1]), [m, channels, ...c.kernel]);
}
