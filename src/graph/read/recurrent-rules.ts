/** ONNX's recurrent layers, step by step in our operators: the fused ones have no gradient. */
import { sigmoid, tanh } from "../ops/activation.js";
import { add, mul, sub } from "../ops/arithmetic.js";
import { concat, filled, reshape, slice, split, transpose } from "../ops/layout.js";
import { matmul } from "../ops/matmul.js";
import { show } from "../shape.js";
import type { Value } from "../value.js";
import type { NodeReader, Rule } from "./node-reader.js";

export const recurrentRules: Readonly<Record<string, Rule>> = { GRU: (node) => unrolled(node, gru(node), 3), LSTM: (node) => unrolled(node, lstm(node), 4) };

/** Longest sequence that is unrolled: every step is some ten nodes. */
const stepLimit = 4096;

/** Weights of one direction: [D, gates·H], [H, gates·H], [gates·H] twice. */
interface Direction {
  readonly w: Value;
  readonly r: Value;
  readonly wb: Value;
  readonly rb: Value;
}

/** State [B,H] by name: h, and c in an LSTM. */
type State = readonly Value[];

/** One step; `own` [B, gates·H] is the product of the weights and the step's input with its bias. */
type Step = (own: Value, state: State, direction: Direction) => State;

function lstm(node: NodeReader): Step {
  if (node.flag("input_forget", false)) node.fail("couples its gates (input_forget); separate gates are supported.");
  return (own, [h, c], { r, rb }) => {
    const hidden = r.shape[0]!;
    const gates = add(add(own, matmul(h!, r)), rb);
    const [input, output, forget] = split(sigmoid(slice(gates, 1, 0, 3 * hidden)), [hidden, hidden, hidden], 1);
    const cell = add(mul(forget!, c!), mul(input!, tanh(slice(gates, 1, 3 * hidden, 4 * hidden))));
    return [mul(output!, tanh(cell)), cell];
  };
}

function gru(node: NodeReader): Step {
  const resetAfter = node.flag("linear_before_reset", false);
  return (own, [h], { r, rb }) => {
    const hidden = r.shape[0]!;
    const parts = (x: Value, axis: number): readonly Value[] => split(x, [2 * hidden, hidden], axis);
    const [ownGates, ownFresh] = parts(own, 1);
    const [gateWeights, freshWeights] = parts(r, 1);
    const [gateBias, freshBias] = parts(rb, 0);
    const [update, reset] = split(sigmoid(add(add(ownGates!, matmul(h!, gateWeights!)), gateBias!)), [hidden, hidden], 1);
    const past = resetAfter ? mul(reset!, add(matmul(h!, freshWeights!), freshBias!)) : add(matmul(mul(reset!, h!), freshWeights!), freshBias!);
    const fresh = tanh(add(ownFresh!, past));
    return [add(fresh, mul(update!, sub(h!, fresh)))];
  };
}

/** X [T,B,D] → Y [T,directions,B,H] and the last states [directions,B,H]. */
function unrolled(node: NodeReader, step: Step, gates: number): readonly Value[] {
  const [x, w, r, bias] = [node.value(0), node.value(1), node.value(2), node.optional(3)];
  const directions = { forward: [false], reverse: [true], bidirectional: [false, true] }[node.word("direction", ["forward", "reverse", "bidirectional"])];
  const states = gates === 4 ? 2 : 1;
  const hidden = node.int("hidden_size", r.shape[2] ?? 0);
  const [steps = 0, count = 0, width = 0] = x.shape;
  const fits = x.shape.length === 3 && show(w.shape) === show([directions.length, gates * hidden, width]) && show(r.shape) === show([directions.length, gates * hidden, hidden]);
  if (!fits || steps < 1 || (bias !== null && show(bias.shape) !== show([directions.length, 2 * gates * hidden]))) {
    node.fail(`input ${show(x.shape)}, weights ${show(w.shape)} and ${show(r.shape)} do not suit ${hidden} units in ${directions.length} directions.`);
  }
  if (steps > stepLimit) node.fail(`${steps} steps; at most ${stepLimit} are supported.`);
  checkSettings(node, steps, gates);
  const initial = Array.from({ length: states }, (_, i) => node.optional(5 + i));
  const runs = directions.map((backwards, d) => {
    const part = (v: Value): Value => reshape(slice(v, 0, d, d + 1), v.shape.slice(1));
    const [wb, rb] = bias === null ? [filled(x, 0, [gates * hidden]), filled(x, 0, [gates * hidden])] : (split(part(bias), [gates * hidden, gates * hidden], 0) as [Value, Value]);
    const direction = { w: transpose(part(w), [1, 0]), r: transpose(part(r), [1, 0]), wb, rb };
    const own = split(add(matmul(x, direction.w), wb), new Array<number>(steps).fill(1), 0).map((v) => reshape(v, [count, gates * hidden]));
    let state: State = initial.map((v) => (v === null ? filled(x, 0, [count, hidden]) : part(v)));
    const hs = (backwards ? own.toReversed() : own).map((v) => (state = step(v, state, direction))[0]!);
    return { hs: backwards ? hs.reverse() : hs, state };
  });
  const stacked = (values: readonly Value[], axis: number): Value => concat(values.map((v) => reshape(v, v.shape.toSpliced(axis, 0, 1))), axis);
  const y = stacked(runs.map(({ hs }) => stacked(hs, 0)), 1);
  return [y, ...Array.from({ length: states }, (_, i) => stacked(runs.map(({ state }) => state[i]!), 0))];
}

function checkSettings(node: NodeReader, steps: number, gates: number): void {
  if (node.int("layout", 0) !== 0) node.fail("has the batch first (layout 1); layout 0 is supported.");
  const standard = gates === 4 ? ["Sigmoid", "Tanh", "Tanh"] : ["Sigmoid", "Tanh"];
  const activations = node.strings("activations");
  if (activations !== null && activations.some((name, i) => name !== standard[i % standard.length])) node.fail(`its activations are ${activations.join(", ")}; ${standard.join(", ")} are supported.`);
  if (node.has(4) && node.numbers(4, "sequence lengths").some((n) => n !== steps)) node.fail("its sequences differ in length; full ones are supported.");
}
