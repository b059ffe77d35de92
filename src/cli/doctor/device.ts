/** A device under test: every operator that the systems use, one at a time, then every tiny training step and network as a whole. */
import type { Graph } from "../../graph/graph.js";
import { initialValues } from "../../nn/params.js";
import type { Provider } from "../../runtime/devices.js";
import { operatorsOf, probeOperator, randomFeeds, relativeError, type OperatorResult } from "../../runtime/operator-probe.js";
import { createSession } from "../../runtime/session.js";
import { floats, type Tensor } from "../../runtime/tensor.js";
import { everyGraph } from "../../systems/every-graph.js";
import { layerStateName, paramTables } from "../../systems/phase-graph.js";
import { findSystem, systemNames } from "../../systems/registry.js";
import { stateNames } from "../../systems/step-graph.js";
import type { System } from "../../systems/system.js";

export interface GraphResult {
  /** System and graph, e.g. `et-gan-acw motion step`. */
  readonly graph: string;
  /** Largest ‖device − CPU‖ / ‖CPU‖ among the outputs, or null where it did not run. */
  readonly error: number | null;
  readonly milliseconds: number | null;
  /** What is wrong; empty where nothing is. */
  readonly problem: string;
}

/** Rounding goes through hundreds of nodes, and a picture's bytes may round to a neighbour. */
const graphTolerance = 2e-2;

interface Candidate {
  readonly name: string;
  readonly system: System;
  readonly build: () => Graph;
}

/** Steps and networks of all systems at their smallest; gradients and losses are parts of the steps. */
function candidates(): Candidate[] {
  return systemNames().flatMap((name) => {
    const system = findSystem(name);
    return everyGraph(system, system.presets["tiny"]).flatMap(({ label, kind, build }) => (kind === "step" || kind === "network" ? [{ name: `${name} ${label}`, system, build }] : []));
  });
}

export async function* examineOperators(device: Provider): AsyncGenerator<OperatorResult> {
  const uses = operatorsOf(candidates().map(({ name, build }) => [name, build()] as const));
  for (const use of uses) yield await probeOperator(use, device);
}

export async function* examineGraphs(device: Provider): AsyncGenerator<GraphResult> {
  for (const { name, system, build } of candidates()) {
    const model = build().toModel();
    const feeds = { ...randomFeeds(model), ...stateFeeds(system) };
    const used = Object.fromEntries(model.graph.inputs.map((input) => [input.name, feeds[input.name] as Tensor]));
    try {
      let problem = "";
      const runOn = async (provider: Provider): Promise<{ readonly results: Record<string, Tensor>; readonly milliseconds: number }> => {
        const session = await createSession(model, { device: provider, training: true, where: name, onFallback: (sentence) => (problem = sentence) });
        try {
          await session.run(used); // the first run compiles
          const started = performance.now();
          return { results: await session.run(used), milliseconds: performance.now() - started };
        } finally {
          await session.release();
        }
      };
      const there = await runOn(device);
      const error = relativeError((await runOn("cpu")).results, there.results);
      if (problem === "" && !(error <= graphTolerance)) problem = `other numbers than on the CPU: relative error ${error.toExponential(1)}`;
      yield { graph: name, error, milliseconds: there.milliseconds, problem };
    } catch (failure) {
      yield { graph: name, error: null, milliseconds: null, problem: (failure as Error).message };
    }
  }
}

/** Initial weights and averages, the first step, a usual rate. */
function stateFeeds(system: System): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { step: floats(Float32Array.of(1), []), rate: floats(Float32Array.of(1e-3), []), memory: floats(Float32Array.of(0.99), []) };
  for (const [group, table] of paramTables(system, system.presets["tiny"])) {
    const { theta, average } = stateNames(group);
    for (const name of [theta, average]) feeds[name] = floats(initialValues(table, 1), [table.size]);
    feeds[layerStateName(group)] = floats(initialValues(table.state, 1), [table.state.size]);
  }
  return feeds;
}
