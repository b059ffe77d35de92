/** The networks that both sides of the bench `train-step` run. */
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import type { AliasPair } from "../../src/graph/alias.js";
import { l1 } from "../../src/nn/losses.js";
import { update } from "../../src/nn/optimizers/optimizer.js";
import { optimizerSchema, updateRule } from "../../src/nn/optimizers/settings.js";
import { declareParams, type Params, type ParamTable, paramsFromVector, paramsFromWeights } from "../../src/nn/params.js";
import { stateFromVector } from "../../src/nn/state.js";
import { wav2lipGenerator, wav2lipSizes } from "../../src/systems/parts/wav2lip-generator.js";

const { face, bands, steps } = wav2lipSizes;

export const inputShapes = (batch: number): Readonly<Record<"faces" | "mel" | "target", readonly number[]>> => ({
  faces: [batch, 6, face, face],
  mel: [batch, 1, bands, steps],
  target: [batch, 3, face, face],
});

function network(p: Params, batch: number): Value {
  const shapes = inputShapes(batch);
  return wav2lipGenerator(p, p.graph.input("faces", shapes.faces), p.graph.input("mel", shapes.mel));
}

export function wav2lipTable(): ParamTable {
  return declareParams((p) => void network(p, 2));
}

/** Vectors that a training step reads and renews. */
export const renewed: readonly AliasPair[] = ["theta", "m", "v", "state"].map((name) => ({ input: name, output: `next.${name}` }));

/**
 * Forward, backward and Adam on the L1 distance: inputs theta, m, v, state, step, rate and the batch; outputs loss and the next
 * theta, m, v and state. As a training step of `talkface train`, without clipping and averaging, which the other side has not.
 */
export function trainGraph(batch: number): Graph {
  const table = wav2lipTable();
  const graph = new Graph("wav2lip-train");
  const [theta, m, v] = ["theta", "m", "v"].map((name) => graph.input(name, [table.size])) as [Value, Value, Value];
  const state = stateFromVector(graph.input("state", [table.state.size]), table.state, "training");
  const picture = network(paramsFromVector(theta, table, state), batch);
  const loss = l1(picture, graph.input("target", inputShapes(batch).target));
  const [grad] = gradient(loss, [theta]) as [Value];
  const [step, rate] = [graph.input("step", []), graph.input("rate", [])];
  const rule = updateRule({ ...optimizerSchema.parse({}), clip: 0 });
  const next = update(rule, { theta, average: theta, moments: new Map([["m", m], ["v", v]]) }, { grad, loss, step, rate, memory: graph.scalar(0) });
  graph.output("next.theta", next.theta);
  for (const [name, value] of next.moments) graph.output(`next.${name}`, value);
  graph.output("next.state", state.next());
  graph.output("loss", loss);
  return graph;
}

/** The deployed network. */
export function inferenceGraph(batch: number, weights: Float32Array, state: Float32Array): Graph {
  const graph = new Graph("wav2lip");
  graph.output("picture", network(paramsFromWeights(graph, wav2lipTable(), weights, state), batch));
  return graph;
}
