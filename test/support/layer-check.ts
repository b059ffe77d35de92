/** Checks and runs of layers: parameters, state and inputs by name, through onnxruntime-node. */
import { Graph } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import { declareParams, initialValues, type Params, paramsFromVector, paramsFromWeights, type ParamTable } from "../../src/nn/params.js";
import { stateFromVector } from "../../src/nn/state.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { checkGradient, type GradientCheckOptions } from "./gradcheck.js";

export type Network = (p: Params, inputs: readonly Value[]) => Value;

export type Shapes = readonly (readonly number[])[];

export function tableOf(shapes: Shapes, build: Network): ParamTable {
  return declareParams((p) => build(p, shapes.map((shape, i) => p.graph.input(`input${i}`, shape))));
}

/** The layer's gradients with respect to its inputs and all of its parameters; `theta` replaces the initial values. */
export async function checkLayer(
  name: string,
  shapes: Shapes,
  build: Network,
  { mode = "training", theta, ...options }: GradientCheckOptions & { readonly mode?: "training" | "inference"; readonly theta?: Float32Array } = {},
): Promise<void> {
  const table = tableOf(shapes, build);
  const state = initialValues(table.state, 3);
  const values = [...shapes.map((_, i) => options.values?.[i]), theta ?? initialValues(table, 2)];
  await checkGradient(
    name,
    [...shapes, [table.size]],
    (graph, inputs) => build(paramsFromVector(inputs.at(-1)!, table, stateFromVector(graph.constant(state, [table.state.size]), table.state, mode)), inputs.slice(0, -1)),
    { ...options, values },
  );
}

/** What the layer computes: deployed with its weights as constants, or from vectors as in a training graph. */
export async function runLayer(
  shapes: Shapes,
  build: Network,
  inputs: readonly Float32Array[],
  { mode, theta, state }: { readonly mode: "training" | "inference" | "deployed"; readonly theta: Float32Array; readonly state: Float32Array },
): Promise<{ readonly y: Float32Array; readonly shape: readonly number[]; readonly operators: readonly string[] }> {
  const table = tableOf(shapes, build);
  const graph = new Graph();
  const xs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const params =
    mode === "deployed"
      ? paramsFromWeights(graph, table, theta, state)
      : paramsFromVector(graph.constant(theta, [table.size]), table, stateFromVector(graph.constant(state, [table.state.size]), table.state, mode));
  graph.output("y", build(params, xs));
  const model = graph.toModel();
  const session = await createSession(model, { threads: 1 });
  const { y } = await session.run(Object.fromEntries(inputs.map((x, i) => [`x${i}`, floats(x, shapes[i]!)])));
  await session.release();
  return { y: y!.data as Float32Array, shape: y!.shape, operators: model.graph.nodes.map(({ op }) => op) };
}

/** The largest difference of two equally long arrays. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((m, x, i) => Math.max(m, Math.abs(x - b[i]!)), 0);
}
