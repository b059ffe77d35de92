/**
 * The training step of a phase, in one graph or in two with room for a reduction between them:
 * batch and weights -> gradients, gradients and state -> next state.
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
import { type UpdateRule, update } from "../nn/optimizers/optimizer.js";
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
  const { graph, learners } = buildLearners(system, config, phase);
  addUpdates(graph, rule, learners);
  for (const { group, loss } of learners) graph.output(`loss.${group}`, loss);
  return graph;
}

export interface GradientOptions {
  /** Batches whose mean gradient is wanted. Above 1, `total.G` [P] comes in and `grad.G` is total + gradient / accumulate. */
  readonly accumulate?: number;
}

/** The first half: inputs `theta.G` of all groups in use and the batch; outputs `grad.G`, losses and figures. */
export function gradientGraph(system: System, config: unknown, phase: Phase<unknown>, { accumulate = 1 }: GradientOptions = {}): Graph {
  const { graph, learners } = buildLearners(system, config, phase);
  for (const { group, grad, loss } of learners) {
    graph.output(`grad.${group}`, accumulate === 1 ? grad : add(graph.input(`total.${group}`, grad.shape), mul(grad, 1 / accumulate)));
    graph.output(`loss.${group}`, loss);
  }
  return graph;
}

/**
 * The second half: inputs state, `grad.G`, `loss.G`, `step`, `rate`, `memory`; outputs `next.*`, norms and skips. Processes that
 * share weights must give the same gradient and the same loss (the mean of theirs), or one would skip a step that others take.
 */
export function updateGraph(system: System, config: unknown, phase: Phase<unknown>, rule: UpdateRule = defaultRule): Graph {
  const graph = new Graph();
  const tables = paramTables(system, config);
  const learners = phase.groups.map((group): Learner => {
    const shape = [tables.get(group)?.size ?? 0];
    return { group, theta: graph.input(stateNames(group).theta, shape), grad: graph.input(`grad.${group}`, shape), loss: graph.input(`loss.${group}`, []) };
  });
  addUpdates(graph, rule, learners);
  return graph;
}

interface Learner {
  readonly group: string;
  readonly theta: Value;
  readonly grad: Value;
  readonly loss: Value;
}

/** Losses, gradients and figures of the phase; the figures become outputs. */
function buildLearners(system: System, config: unknown, phase: Phase<unknown>): { readonly graph: Graph; readonly learners: readonly Learner[] } {
  const { graph, result, thetas, states } = buildPhase(phase, config, paramTables(system, config), { training: true });
  const learners = result.losses.map(({ group, loss }): Learner => {
    const theta = thetas.get(group) as Value;
    return { group, theta, loss, grad: (gradient(loss, [theta]) as [Value])[0] };
  });
  for (const { group } of learners) {
    const state = states.get(group);
    if (state !== undefined) graph.output(`next.${layerStateName(group)}`, state.next());
  }
  for (const [name, value] of Object.entries(result.figures)) graph.output(`figure.${name}`, value);
  return { graph, learners };
}

function addUpdates(graph: Graph, rule: UpdateRule, learners: readonly Learner[]): void {
  const [step, rate, memory] = ["step", "rate", "memory"].map((name) => graph.input(name, [])) as [Value, Value, Value];
  for (const { group, theta, grad, loss } of learners) {
    const names = stateNames(group);
    const vector = (name: string): Value => graph.input(name, theta.shape);
    const moments = new Map(rule.optimizer.moments.map((name) => [name, vector(`${name}.${group}`)]));
    const next = graph.scope(`update/${group}`, () => update(rule, { theta, average: vector(names.average), moments }, { grad, loss, step, rate, memory }));
    graph.output(`next.${names.theta}`, next.theta);
    graph.output(`next.${names.average}`, next.average);
    for (const [name, value] of next.moments) graph.output(`next.${name}.${group}`, value);
    graph.output(`norm.${group}`, next.norm);
    graph.output(`skipped.${group}`, next.skipped);
  }
}
