/**
 * One update of a flat vector of weights, as graph values: finite or skipped, clipped, moved by an optimizer, averaged.
 *
 * An optimizer keeps moments, each a leaky sum `keep * old + take * x`. A skipped step is therefore nothing but other scalars
 * (keep 1, take 0, rate 0) on a cleared gradient: the state passes unchanged, bit for bit, without a choice per vector.
 */
import { add, div, minimum, mul, sqrt, square, sub } from "../../graph/ops/arithmetic.js";
import { equal, where } from "../../graph/ops/compare.js";
import { sum } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";

/** Updates the moment of that name to `keep * old + take * x` and returns it [P]. */
export type Moment = (name: string, keep: number, take: number, x: Value) => Value;

export interface Optimizer {
  /** Names of the vectors [P] that it keeps beside theta; all zero at first. */
  readonly moments: readonly string[];
  /** What theta loses, per unit of the rate [P]; theta, grad: [P]; step: [], 1 for the first update. */
  readonly move: (inputs: { readonly theta: Value; readonly grad: Value; readonly step: Value; readonly moment: Moment }) => Value;
}

/** How a group learns: its optimizer, and the largest norm that a gradient may have (0 for no limit). */
export interface UpdateRule {
  readonly optimizer: Optimizer;
  readonly clip: number;
}

/** Vectors [P] of a group. */
export interface UpdateState {
  readonly theta: Value;
  /** Exponential moving average of theta, where one is kept. */
  readonly average?: Value;
  readonly moments: ReadonlyMap<string, Value>;
}

export interface UpdateInputs {
  /** [P] */
  readonly grad: Value;
  /** [] Norm of the whole gradient, where `grad` and the state are pieces of theirs. */
  readonly norm?: Value;
  /** All of them []: the loss, the number of the update from 1, the learning rate, the share of the average that is kept. */
  readonly loss: Value;
  readonly step: Value;
  readonly rate: Value;
  readonly memory: Value;
}

export interface Updated extends UpdateState {
  /** Norm of the gradient before clipping []. */
  readonly norm: Value;
  /** 1 where loss, gradient or rate was no finite number and the state stays as it is, else 0 []. */
  readonly skipped: Value;
}

/** The next state. A gradient whose squares overflow counts as not finite. */
export function update({ optimizer, clip }: UpdateRule, state: UpdateState, { grad, norm = sqrt(sumOfSquares(grad)), loss, step, rate, memory }: UpdateInputs): Updated {
  const finite = allFinite([norm, loss, rate]);
  const gate = (on: Value | number, off: number): Value => where(finite, on, off);

  // as torch.nn.utils.clip_grad_norm_
  const clipped = clip > 0 ? mul(grad, minimum(div(clip, add(norm, 1e-6)), 1)) : grad;
  const clean = where(finite, clipped, 0);
  const moments = new Map<string, Value>();
  const moment: Moment = (name, keep, take, x) => {
    const next = add(mul(state.moments.get(name) as Value, gate(keep, 1)), mul(x, gate(take, 0)));
    moments.set(name, next);
    return next;
  };
  const move = optimizer.move({ theta: state.theta, grad: clean, step, moment });
  const theta = sub(state.theta, mul(move, gate(rate, 0)));
  const kept = gate(memory, 1);
  const averaged = state.average === undefined ? {} : { average: add(mul(state.average, kept), mul(theta, sub(1, kept))) };
  return { theta, ...averaged, moments, norm, skipped: gate(0, 1) };
}

/** [P] -> [] */
export function sumOfSquares(x: Value): Value {
  return sum(square(x), { axes: [0], keepDims: false });
}

/** x - x is 0 for finite numbers only; IsNaN and IsInf have no WebGPU kernel. */
function allFinite(scalars: readonly Value[]): Value {
  return equal(scalars.map((x) => sub(x, x)).reduce((a, b) => add(a, b)), 0);
}
