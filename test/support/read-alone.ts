/** A model read into a graph of its own, compared with ONNX Runtime's run of the file. */
import { expect } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import type { OnnxModel } from "../../src/graph/onnx.js";
import { readModel } from "../../src/graph/read/read-model.js";
import { createSession } from "../../src/runtime/session.js";
import type { Tensor } from "../../src/runtime/tensor.js";

/** The model inside a graph of ours, outputs under their own names. */
export function readAlone(model: OnnxModel): Graph {
  const graph = new Graph();
  const inputs = Object.fromEntries(model.graph.inputs.map(({ name, dtype, shape }) => [name, graph.input(name, shape as readonly number[], dtype)]));
  for (const [name, value] of readModel(graph, model, { inputs })) graph.output(name, value);
  return graph;
}

/** For each output the largest difference between the file's own run and that of the graph, relative to the largest value. */
export async function differences(model: OnnxModel, graph: Graph, feeds: Record<string, Tensor>): Promise<Map<string, number>> {
  const [own, read] = [await createSession(model, { threads: 1 }), await createSession(graph.toModel(), { threads: 1 })];
  const [expected, got] = [await own.run(feeds), await read.run(feeds)];
  await Promise.all([own.release(), read.release()]);
  return new Map(Object.entries(expected).map(([name, a]) => {
    const b = got[name]!;
    expect(b.shape, name).toEqual(a.shape);
    expect(b.dtype, name).toBe(a.dtype);
    const [p, q] = [a, b].map(({ data }) => Array.from<number | bigint, number>(data, Number)) as [number[], number[]];
    // folded, for a gradient has more elements than a call takes arguments; NaN stays NaN and fails the comparison
    const largest = (list: readonly number[], least: number): number => list.reduce((m, x) => Math.max(m, Math.abs(x)), least);
    return [name, largest(p.map((x, i) => x - q[i]!), 0) / largest(p, 1e-3)];
  }));
}

/** The largest of them. */
export async function difference(...run: Parameters<typeof differences>): Promise<number> {
  return Math.max(...(await differences(...run)).values());
}
