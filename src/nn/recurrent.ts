/**
 * LSTM (Hochreiter & Schmidhuber 1997, Gers et al. 2000) and GRU (Cho et al. 2014) layers. A deployed network runs ONNX's fused
 * operator, the others the same weights step by step, which can be differentiated. Weights lie as ONNX wants them: gates input, output, forget,
 * cell (LSTM) or update, reset, hidden (GRU), one slab for each direction.
 */
import { sigmoid, tanh } from "../graph/ops/activation.js";
import { add, mul, sub } from "../graph/ops/arithmetic.js";
import { concat, reshape, slice, split, transpose } from "../graph/ops/layout.js";
import { matmul } from "../graph/ops/matmul.js";
import { fusedGru, fusedLstm } from "../graph/ops/recurrent.js";
import { show } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { Init, Params } from "./params.js";

export interface RecurrentOptions {
  /** Units H of every layer and direction. */
  readonly hidden: number;
  /** Layers on top of each other (default 1). */
  readonly layers?: number;
  /** Runs over the sequence in both directions (default false). */
  readonly bidirectional?: boolean;
}

/** Hidden and cell state [B, H]. */
export interface LstmState {
  readonly h: Value;
  readonly c: Value;
}

interface Weights {
  /** [directions, gates·H, D], [directions, gates·H, H], [directions, 2·gates·H]. */
  readonly w: Value;
  readonly r: Value;
  readonly b: Value;
}

/** Weights of one direction, ready for products: [D, gates·H], [H, gates·H], [gates·H] twice. */
interface Slab {
  readonly w: Value;
  readonly r: Value;
  readonly wb: Value;
  readonly rb: Value;
}

/** What distinguishes the two kinds: gates, initial biases, and one step from inputs already multiplied by the weights. */
interface Kind<S> {
  readonly gates: number;
  readonly bias: (hidden: number, directions: number) => Init;
  readonly fused: (x: Value, w: Value, r: Value, b: Value) => Value;
  /** `own`: [B, gates·H], the input's product and its bias. */
  readonly step: (own: Value, state: S | null, slab: Slab) => S;
  readonly output: (state: S) => Value;
}

const lstmKind: Kind<LstmState> = {
  gates: 4,
  // a forget gate that starts open (Jozefowicz et al. 2015)
  bias: (hidden, directions) => ({ kind: "values", values: Array.from({ length: directions * 8 * hidden }, (_, i) => (Math.floor((i % (8 * hidden)) / hidden) === 2 ? 1 : 0)) }),
  fused: fusedLstm,
  step: (own, state, { r, rb }) => {
    const hidden = r.shape[0]!;
    const gates = add(state === null ? own : add(own, matmul(state.h, r)), rb);
    const [input, output, forget] = split(sigmoid(slice(gates, 1, 0, 3 * hidden)), [hidden, hidden, hidden], 1) as [Value, Value, Value];
    const fresh = mul(input, tanh(slice(gates, 1, 3 * hidden, 4 * hidden)));
    const c = state === null ? fresh : add(mul(forget, state.c), fresh);
    return { h: mul(output, tanh(c)), c };
  },
  output: ({ h }) => h,
};

const gruKind: Kind<Value> = {
  gates: 3,
  bias: () => ({ kind: "constant", value: 0 }),
  fused: fusedGru,
  step: (own, h, { r, rb }) => {
    const hidden = r.shape[0]!;
    const parts = (x: Value, axis: number): [Value, Value] => split(x, [2 * hidden, hidden], axis) as [Value, Value];
    const [ownGates, ownFresh] = parts(own, 1);
    const [pastGates, pastFresh] = h === null ? parts(rb, 0) : parts(add(matmul(h, r), rb), 1);
    const [update, reset] = split(sigmoid(add(ownGates, pastGates)), [hidden, hidden], 1) as [Value, Value];
    const fresh = tanh(add(ownFresh, mul(reset, pastFresh)));
    // (1 − update)·fresh + update·h
    return h === null ? sub(fresh, mul(update, fresh)) : add(fresh, mul(update, sub(h, fresh)));
  },
  output: (h) => h,
};

/** x [B, T, D] -> hidden states of the last layer [B, T, H], or [B, T, 2H]: forward, then backward. Starts from zeros. */
export function lstm(p: Params, name: string, x: Value, options: RecurrentOptions): Value {
  return stack(p, name, x, options, "lstm", lstmKind);
}

/** As `lstm`, with gated recurrent units. */
export function gru(p: Params, name: string, x: Value, options: RecurrentOptions): Value {
  return stack(p, name, x, options, "gru", gruKind);
}

/** One step of one LSTM layer: x [B, D]; a null state is zero. Layer `i` of `lstm(p, name)` has the name `name/i`. */
export function lstmCell(p: Params, name: string, x: Value, state: LstmState | null, { hidden }: { readonly hidden: number }): LstmState {
  return cell(p, name, x, state, hidden, "lstmCell", lstmKind);
}

/** One step of one GRU layer: x [B, D], state [B, H] or null for zero. Layer `i` of `gru(p, name)` has the name `name/i`. */
export function gruCell(p: Params, name: string, x: Value, state: Value | null, { hidden }: { readonly hidden: number }): Value {
  return cell(p, name, x, state, hidden, "gruCell", gruKind);
}

function stack<S>(p: Params, name: string, x: Value, { hidden, layers = 1, bidirectional = false }: RecurrentOptions, layer: string, kind: Kind<S>): Value {
  if (x.shape.length !== 3 || x.shape[1] === 0) x.graph.fail(layer, `input ${show(x.shape)}, expected [B,T,D] with at least one step.`);
  const directions = bidirectional ? 2 : 1;
  return p.scope(name, (q) => {
    let sequence = transpose(x, [1, 0, 2]); // [T, B, D]
    for (let i = 0; i < layers; i++) {
      sequence = q.scope(String(i), (own) => {
        const weights = weightsOf(own, sequence.shape[2]!, hidden, directions, kind);
        return q.mode === "deployed" ? together(kind.fused(sequence, weights.w, weights.r, weights.b)) : unrolled(sequence, weights, directions, kind);
      });
    }
    return transpose(sequence, [1, 0, 2]);
  });
}

/** [T, directions, B, H] -> [T, B, directions·H]. */
function together(y: Value): Value {
  const [steps = 0, directions = 0, count = 0, hidden = 0] = y.shape;
  return reshape(transpose(y, [0, 2, 1, 3]), [steps, count, directions * hidden]);
}

function unrolled<S>(x: Value, weights: Weights, directions: number, kind: Kind<S>): Value {
  const [steps = 0, count = 0] = x.shape;
  const sequences = Array.from({ length: directions }, (_, d) => {
    const slab = slabOf(weights, d);
    const own = split(add(matmul(x, slab.w), slab.wb), new Array<number>(steps).fill(1), 0).map((step) => reshape(step, [count, -1]));
    const outputs: Value[] = [];
    let state: S | null = null;
    for (const step of d === 0 ? own : own.toReversed()) {
      state = kind.step(step, state, slab);
      outputs.push(reshape(kind.output(state), [1, count, -1]));
    }
    return concat(d === 0 ? outputs : outputs.toReversed(), 0);
  });
  return concat(sequences, 2);
}

function cell<S>(p: Params, name: string, x: Value, state: S | null, hidden: number, layer: string, kind: Kind<S>): S {
  if (x.shape.length !== 2) x.graph.fail(layer, `input ${show(x.shape)}, expected [B,D].`);
  return p.scope(name, (q) => {
    const slab = slabOf(weightsOf(q, x.shape[1]!, hidden, 1, kind), 0);
    return kind.step(add(matmul(x, slab.w), slab.wb), state, slab);
  });
}

function weightsOf<S>(p: Params, width: number, hidden: number, directions: number, { gates, bias }: Kind<S>): Weights {
  // the deviation of PyTorch's uniform ±1/√H
  const init: Init = { kind: "normal", deviation: 1 / Math.sqrt(3 * hidden) };
  return {
    w: p.get("weight", [directions, gates * hidden, width], init),
    r: p.get("recurrence", [directions, gates * hidden, hidden], init),
    b: p.get("bias", [directions, 2 * gates * hidden], bias(hidden, directions)),
  };
}

function slabOf({ w, r, b }: Weights, direction: number): Slab {
  const own = (v: Value): Value => reshape(slice(v, 0, direction, direction + 1), v.shape.slice(1));
  const [wb, rb] = split(own(b), [w.shape[1]!, w.shape[1]!], 0) as [Value, Value];
  return { w: transpose(own(w), [1, 0]), r: transpose(own(r), [1, 0]), wb, rb };
}
