/**
 * Checks a gradient in one random direction for every input: the slope that the graph computes against a central
 * difference of the function itself, both run by onnxruntime-node.
 *
 * Tolerance: the runs are float32, the sums here float64. With a step of 1e-2 the difference carries about 1e-5 of
 * rounding and 1e-4 of curvature for functions of size 1; an error counts relative to the norm of the gradient, which is
 * the usual size of a slope in a random direction. 1e-3 of that passes.
 */
import { expect } from "vitest";
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import { mul } from "../../src/graph/ops/arithmetic.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";

export interface GradientCheckOptions {
  /** Values of the inputs (by place); standard normal numbers where absent. */
  readonly values?: readonly (Float32Array | undefined)[];
  /** Half width of the central difference. */
  readonly step?: number;
  readonly tolerance?: number;
  readonly seed?: number;
}

/** Every gradient of `build` with respect to inputs of the shapes; throws an assertion error that names input and slopes. */
export async function checkGradient(
  name: string,
  shapes: readonly (readonly number[])[],
  build: (graph: Graph, inputs: readonly Value[]) => Value,
  { values = [], step = 1e-2, tolerance = 1e-3, seed = 1 }: GradientCheckOptions = {},
): Promise<void> {
  const random = new Random(seed).split(name);
  const graph = new Graph(name);
  const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const y = build(graph, inputs);
  const weights = normals(random.split("weights"), sizeOf(y.shape));
  const grads = gradient(sum(mul(y, graph.constant(weights, y.shape))), inputs);
  graph.output("y", y);
  grads.forEach((g, i) => graph.output(`g${i}`, g));
  grads.forEach((g, i) => expect(g.shape, `${name}: shape of gradient ${i}`).toEqual(shapes[i]));

  const session = await createSession(graph.toModel(), { threads: 1, where: name });
  const at = shapes.map((shape, i) => values[i] ?? normals(random.split(`x${i}`), sizeOf(shape)));
  const feeds = (data: readonly Float32Array[]): Record<string, Tensor> => Object.fromEntries(data.map((d, i) => [`x${i}`, floats(d, shapes[i]!)]));
  const loss = async (data: readonly Float32Array[]): Promise<number> => dot(weights, (await session.run(feeds(data), { fetch: ["y"] }))["y"]!.data as Float32Array);

  const results = await session.run(feeds(at));
  for (let i = 0; i < shapes.length; i++) {
    const g = results[`g${i}`]!.data as Float32Array;
    const direction = normals(random.split(`direction${i}`), g.length);
    const shifted = (sign: number): Float32Array[] => at.map((d, j) => (j === i ? d.map((x, k) => x + sign * step * direction[k]!) : d));
    const numeric = ((await loss(shifted(1))) - (await loss(shifted(-1)))) / (2 * step);
    const analytic = dot(g, direction);
    const error = Math.abs(numeric - analytic) / Math.max(Math.sqrt(dot(g, g)), 1e-3);
    expect(error, `${name}: input ${i}: gradient says ${analytic}, difference says ${numeric}`).toBeLessThan(tolerance);
  }
  await session.release();
}

/** Standard normal numbers. */
export function normals(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((total, x, i) => total + x * b[i]!, 0);
}
