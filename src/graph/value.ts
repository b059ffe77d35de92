/**
 * What graphs are made of: values of a static type and shape, nodes, and operators.
 *
 * Axis letters used in every comment on shapes: B clips, T video frames, N images of a batch, C channels, H W pixels,
 * L landmarks, S audio samples, M mel bands, K views, D features, P parameters.
 */
import type { Graph } from "./graph.js";
import type { Dtype, OnnxAttribute } from "./onnx.js";

export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The node that computes it; null for inputs and constants. */
  readonly producer: Node | null;
}

/** A number stands for a scalar constant of the other operand's type. */
export type Operand = Value | number;

export interface ValueType {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

export interface Node {
  /** Name of the ONNX operator. */
  readonly op: string;
  /** Scope path and counter, e.g. `generator/up2/Conv_0`. */
  readonly name: string;
  /** Place in the order of creation, which is a topological order. */
  readonly index: number;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Gradients of the inputs from gradients of the outputs (null: none came); null where no gradient flows. */
  readonly backward: ((dys: readonly (Value | null)[], needs: readonly boolean[]) => readonly InputGradient[]) | null;
}

/** Gradient of a slice `[start, start + value.shape[axis])` of an input: the walker puts the pieces together in one Concat. */
export interface Piece {
  readonly axis: number;
  readonly start: number;
  readonly value: Value;
}

export type InputGradient = Value | Piece | null;

export interface Call<I extends readonly Value[], A> {
  readonly inputs: I;
  readonly attributes: A;
  readonly outputs: readonly Value[];
  /** The first output, and its gradient: all that operators of one output need. */
  readonly y: Value;
  readonly dy: Value;
  readonly dys: readonly (Value | null)[];
  /** Which inputs' gradients are wanted: what is costly need not be built for the others. */
  readonly needs: { readonly [K in keyof I]: boolean };
}

/**
 * An operator: ONNX name, type rule and gradient rule side by side. Gradient rules return one gradient per input, in the
 * shape of the output where the input was broadcast (gradient.ts sums it back), built from the same public operators, so
 * that gradients can be differentiated again. `vjp: null` says that no gradient flows.
 */
export interface Operator<I extends readonly Value[], A> {
  readonly onnx: string;
  readonly infer: (inputs: I, attributes: A) => ValueType | readonly ValueType[];
  readonly encode?: (attributes: A) => Readonly<Record<string, OnnxAttribute>>;
  readonly vjp: ((call: Call<I, A>) => { readonly [K in keyof I]: InputGradient }) | null;
}
