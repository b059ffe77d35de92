/**
 * The training step of a phase, in one graph or in two with room for a reduction between them:
 * batch and weights -> gradients, gradients and state -> next state. The second one knows neither system nor phase, and takes vectors by the piece.
 *
 * Names of group G: `theta.G`, `average.G` and one vector per moment of the optimizer (`m.G`, `v.G`) in, the same after `next.` out;
 * `state.G` [S] in and `next.state.G` out where layers of the group keep state (the gradient half measures it, and takes over
 * no number that is not finite); `grad.G` [P]; scalars `loss.G`, `norm.G` (of the gradient before clipping) and `skipped.G`
 * (1: loss, gradient or rate was not finite, and weights and moments are unchanged). `step` counts the phase's updates from 1, `rate` is the learning rate, `memory` the share
 * of the average that is kept.
 */
import { gradient } from "../graph/gradient.js";
import { Graph } from "../graph/graph.js";
import { add, mul } from "../graph/ops/arithmetic.js";
import type { Value } from "../graph/value.js";
import { sumOfSquares, type UpdateRule, update } from "../nn/optimizers/optimizer.js";
import { defaultRule } from "../nn/optimizers/settings.js";
import { buildPhase, layerStateName, paramTables } from "./phase-graph.js";
import type { Phase, System } from "./system.js";

/** Names of a group's vectors that every optimizer has. */
export function stateNames(group: string): { readonly theta: string; readonly average: string } {
  return { theta: `theta.${group}`, average: `average.${group}` };
}

/** Names of the vectors that an optimizer keeps for a group; all zero at first. */
export function momentNames(group: string, { optimizer }: UpdateRule): readonly string[] {
  return optimizer.moments.map((name) => `${name}.${group}`);
}

/** The whole step: inputs state, batch, `step`, `rate`, `memory`; outputs `next.*`, losses, norms, skips and figures. */
export function stepGraph(system: System, config: unknown, phase: Phase<unknown>, rule: UpdateRule = defaultRule): Graph {
  const { graph, learners } = buildLearners(system, config, phase, false);
  addUpdates(graph, rule, learners.map(({ group, loss, weights, grads }) => ({ group, loss, theta: [...weights.values()][0] as Value, grad: grads[0] as Value })));
  for (const { group, loss } of learners) graph.output(`loss.${group}`, loss);
  return graph;
}

export interface GradientOptions {
  /** Batches whose mean gradient is wanted. Above 1, `total.G/NAME` comes in and `grad.G/NAME` is total + gradient / accumulate. */
  readonly accumulate?: number;
}

/** Name of what earlier batches add to the gradient of a weight. */
export function totalName(group: string, name: string): string {
  return `total.${group}/${name}`;
}

/** Name of the gradient of a weight as an output of its own. */
export function gradientName(group: string, name: string): string {
  return `grad.${group}/${name}`;
}

/**
 * The first half: inputs `theta.G/NAME` for each weight in use and the batch; outputs `grad.G/NAME`, losses and figures. Weights and gradients
 * are parts of vectors that the caller holds: cut and joined in the graph, each would be in memory twice.
 */
export function gradientGraph(system: System, config: unknown, phase: Phase<unknown>, { accumulate = 1 }: GradientOptions = {}): Graph {
  const { graph, learners } = buildLearners(system, config, phase, true);
  for (const { group, weights, grads, loss } of learners) {
    [...weights.keys()].forEach((name, i) => {
      const grad = grads[i] as Value;
      graph.output(gradientName(group, name), accumulate === 1 ? grad : add(graph.input(totalName(group, name), grad.shape), mul(grad, 1 / accumulate)));
    });
    graph.output(`loss.${group}`, loss);
  }
  return graph;
}

/**
 * The second half, for a piece [size] of a group's vectors: inputs `theta`, `average` if it is kept, the moments, `grad`, and as scalars the `norm` of the
 * whole gradient, `loss`, `step`, `rate`, `memory`; outputs the vectors after `next.` and `skipped`. Processes that share weights must
 * give the same gradient and the same loss (the mean of theirs), or one would skip a step that others take.
 */
export function updateGraph(size: number, rule: UpdateRule = defaultRule, { keepsAverage = true }: { readonly keepsAverage?: boolean } = {}): Graph {
  const graph = new Graph();
  const vector = (name: string): Value => graph.input(name, [size]);
  const [theta, grad] = [vector("theta"), vector("grad")];
  const averaged = keepsAverage ? { average: vector("average") } : {};
  const moments = new Map(rule.optimizer.moments.map((name) => [name, vector(name)]));
  const [norm, loss, step, rate, memory] = ["norm", "loss", "step", "rate", "memory"].map((name) => graph.input(name, [])) as [Value, Value, Value, Value, Value];
  const next = update(rule, { theta, ...averaged, moments }, { grad, norm, loss, step, rate, memory });
  graph.output("next.theta", next.theta);
  if (next.average !== undefined) graph.output("next.average", next.average);
  for (const [name, value] of next.moments) graph.output(`next.${name}`, value);
  graph.output("skipped", next.skipped);
  return graph;
}

/** What the norm of a gradient is made of: input `grad` [size], output `squares` [], their sum. */
export function squaresGraph(size: number): Graph {
  const graph = new Graph();
  graph.output("squares", sumOfSquares(graph.input("grad", [size])));
  return graph;
}

interface Learner {
  readonly group: string;
  /** By name: the flat vector, or each weight. */
  readonly weights: ReadonlyMap<string, Value>;
  /** In the order of the weights. */
  readonly grads: readonly Value[];
  readonly loss: Value;
}

/** Losses, gradients and figures of the phase; the figures become outputs. */
function buildLearners(system: System, config: unknown, phase: Phase<unknown>, apart: boolean): { readonly graph: Graph; readonly learners: readonly Learner[] } {
  const { graph, result, weights, states } = buildPhase(phase, config, paramTables(system, config), { training: true, apart });
  const learners = result.losses.map(({ group, loss }): Learner => {
    const own = weights.get(group) as ReadonlyMap<string, Value>;
    return { group, weights: own, loss, grads: gradient(loss, [...own.values()]) };
  });
  for (const { group } of learners) {
    const state = states.get(group);
    if (state !== undefined) graph.output(`next.${layerStateName(group)}`, state.next());
  }
  for (const [name, value] of Object.entries(result.figures)) graph.output(`figure.${name}`, value);
  return { graph, learners };
}

interface Learned {
  readonly group: string;
  readonly theta: Value;
  readonly grad: Value;
  readonly loss: Value;
}

function addUpdates(graph: Graph, rule: UpdateRule, learners: readonly Learned[]): void {
  const [step, rate, memory] = ["step", "rate", "memory"].map((name) => graph.input(name, [])) as [Value, Value, Value];
  for (const { group, theta, grad, loss } of learners) {
    const names = stateNames(group);
    const vector = (name: string): Value => graph.input(name, theta.shape);
    const moments = new Map(rule.optimizer.moments.map((name) => [name, vector(`${name}.${group}`)]));
    const next = graph.scope(`update/${group}`, () => update(rule, { theta, average: vector(names.average), moments }, { grad, loss, step, rate, memory }));
    graph.output(`next.${names.theta}`, next.theta);
    graph.output(`next.${names.average}`, next.average as Value);
    for (const [name, value] of next.moments) graph.output(`next.${name}.${group}`, value);
    graph.output(`norm.${group}`, next.norm);
    graph.output(`skipped.${group}`, next.skipped);
  }
}
