/** Shape arithmetic; the only file that does any. Functions return null (or a sentence) where shapes do not fit. */

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

export function show(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/** Common shape of operands under ONNX (NumPy) broadcasting, or null. */
export function broadcast(...shapes: readonly (readonly number[])[]): number[] | null {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const n = shape[i]!;
      if (n === 1 || n === out[at]) continue;
      if (out[at] !== 1) return null;
      out[at] = n;
    }
  }
  return out;
}

/** Axes of `full` over which an operand of shape `part` was broadcast: leading ones first, then axes of length 1. */
export function broadcastAxes(part: readonly number[], full: readonly number[]): number[] {
  const lead = full.length - part.length;
  return full.map((_, i) => i).filter((i) => i < lead || (part[i - lead] === 1 && full[i] !== 1));
}

/** A non-negative axis, or null where it lies outside the rank. */
export function axisIn(axis: number, rank: number): number | null {
  const a = axis < 0 ? axis + rank : axis;
  return Number.isInteger(a) && a >= 0 && a < rank ? a : null;
}

export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i));
}

/** Length of a slice; start and end are already inside the axis. */
export function sliceLength(start: number, end: number, step: number): number {
  return Math.max(0, Math.ceil((end - start) / step));
}

export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Begin of every spatial axis, then end of every spatial axis. */
  readonly pads: readonly number[];
}

/** Spatial sizes after a convolution or pooling window. */
export function windowOutput(size: readonly number[], { kernel, stride, dilation, pads }: Window): number[] {
  return size.map((n, i) => Math.floor((n + pads[i]! + pads[i + size.length]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1);
}

/** Input positions at the end that no window reaches (0 … stride − 1): the output padding of the transposed convolution. */
export function windowRemainder(size: readonly number[], { kernel, stride, dilation, pads }: Window): number[] {
  return size.map((n, i) => (n + pads[i]! + pads[i + size.length]! - dilation[i]! * (kernel[i]! - 1) - 1) % stride[i]!);
}

/** Spatial sizes after a transposed convolution. */
export function transposedOutput(size: readonly number[], { kernel, stride, dilation, pads }: Window, outputPadding: readonly number[]): number[] {
  return size.map((n, i) => stride[i]! * (n - 1) + outputPadding[i]! + dilation[i]! * (kernel[i]! - 1) + 1 - pads[i]! - pads[i + size.length]!);
}

/** A number for every spatial axis, or the list itself; null where its length does not fit. */
export function perAxis(value: number | readonly number[], rank: number): number[] | null {
  if (typeof value === "number") return new Array<number>(rank).fill(value);
  return value.length === rank ? [...value] : null;
}

/** Pads as a number, one per axis (both sides) or begins then ends; null where the length does not fit. */
export function padsOf(value: number | readonly number[], rank: number): number[] | null {
  if (typeof value === "number") return new Array<number>(2 * rank).fill(value);
  if (value.length === rank) return [...value, ...value];
  return value.length === 2 * rank ? [...value] : null;
}
