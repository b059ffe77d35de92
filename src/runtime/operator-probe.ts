/**
 * Operators on a device, one node at a time: is there a kernel, does it run, and are its numbers those of the CPU? What a provider
 * claims is not enough: it may accept a node and fail when it runs, or compute something else without any error.
 */
import { Random } from "../base/random.js";
import { toBytes } from "../graph/dtype.js";
import type { Graph } from "../graph/graph.js";
import type { Dtype, OnnxModel, OnnxTensor, OnnxValueInfo } from "../graph/onnx.js";
import { liveNodes } from "../graph/passes/live.js";
import { sizeOf } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import type { Provider } from "./devices.js";
import { createSession } from "./session.js";
import { tensorOf, type Tensor } from "./tensor.js";

/** One node as a model of its own, standing for all of its kind. */
export interface OperatorUse {
  readonly op: string;
  /** Types of inputs and outputs, e.g. `uint8 -> float32`. */
  readonly types: string;
  /** Where the node stands. */
  readonly where: string;
  readonly model: OnnxModel;
}

export interface OperatorResult {
  readonly op: string;
  readonly types: string;
  readonly where: string;
  /** ‖device − CPU‖ / ‖CPU‖, or null where it did not run. */
  readonly error: number | null;
  /** What is wrong; empty where nothing is. */
  readonly problem: string;
}

/** Float32 products on CUDA may be computed in TF32, whose inputs have 10 bits. */
export const operatorTolerance = 5e-3;

/** Opset of the graphs that this program writes. */
const opset = 17;

/** The smallest node of each kind in the graphs: operator, types, ranks, and how its channels divide. */
export function operatorsOf(graphs: Iterable<readonly [label: string, graph: Graph]>): OperatorUse[] {
  const found = new Map<string, { readonly size: number; readonly label: string; readonly node: Node; readonly graph: Graph }>();
  for (const [label, graph] of graphs) {
    for (const node of liveNodes([...graph.outputs.values()], graph.nodes)) {
      if (node.inputs.every((x) => graph.constantData(x) !== null)) continue;
      const key = kindOf(node);
      const size = [...node.inputs, ...node.outputs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (size < (found.get(key)?.size ?? Infinity)) found.set(key, { size, label, node, graph });
    }
  }
  return [...found.values()]
    .map(({ label, node, graph }) => ({ op: node.op, types: typesOf(node), where: `${label}: ${node.name}`, model: alone(node, graph) }))
    .sort((a, b) => (a.op < b.op ? -1 : a.op > b.op ? 1 : 0));
}

/** Runs the node on the device, then on the CPU. */
export async function probeOperator({ op, types, where, model }: OperatorUse, device: Provider): Promise<OperatorResult> {
  const feeds = randomFeeds(model);
  const named = { op, types, where };
  try {
    const { results, leaves } = await runOn(device, model, feeds);
    const expected = (await runOn("cpu", model, feeds)).results;
    const error = relativeError(expected, results);
    if (leaves !== "") return { ...named, error, problem: leaves };
    return { ...named, error, problem: error <= operatorTolerance ? "" : `other numbers than on the CPU: relative error ${error.toExponential(1)}` };
  } catch (failure) {
    return { ...named, error: null, problem: (failure as Error).message };
  }
}

async function runOn(device: Provider, model: OnnxModel, feeds: Readonly<Record<string, Tensor>>): Promise<{ readonly results: Record<string, Tensor>; readonly leaves: string }> {
  let leaves = "";
  const session = await createSession(model, { device, threads: 1, where: model.graph.name, onFallback: (text) => (leaves = text) });
  try {
    return { results: await session.run(feeds), leaves };
  } finally {
    await session.release();
  }
}

/** Largest relative error among outputs of the same names; not a number where one is none. */
export function relativeError(expected: Readonly<Record<string, Tensor>>, actual: Readonly<Record<string, Tensor>>): number {
  const errors = Object.entries(expected).map(([name, { data }]) => {
    const other = (actual[name] as Tensor).data;
    let [distance, norm] = [0, 0];
    data.forEach((x, i) => {
      distance += (Number(x) - Number(other[i])) ** 2;
      norm += Number(x) ** 2;
    });
    return Math.sqrt(distance / Math.max(norm, 1e-12));
  });
  return Math.max(0, ...errors);
}

function kindOf(node: Node): string {
  const ranks = node.inputs.map(({ dtype, shape }) => `${dtype}${shape.length}`).join();
  return `${node.op} ${ranks} ${node.outputs.map(({ dtype }) => dtype).slice(0, 2).join()} ${sizesThatMatter(node)} ${node.outputs.length > 8 ? "wide" : ""}`;
}

/** Shaders for products and convolutions take 2, 3 or 4 channels at once where sizes divide, and each of these is a program of its own. */
function sizesThatMatter({ op, inputs, attributes }: Node): string {
  const [x, w] = inputs.map(({ shape }) => shape);
  if (op === "MatMul") return [...x!.slice(-2), w!.at(-1)!].map((n) => n % 4).join("x");
  if (op !== "Conv" && op !== "ConvTranspose") return "";
  const group = attributes["group"];
  const groups = group?.kind === "int" ? group.value : 1;
  const outputs = op === "Conv" ? w![0]! / groups : w![1]!;
  return [groups > 1, (x![1]! / groups) % 12, outputs % 4, w!.slice(2).every((k) => k === 1)].join("x");
}

function typesOf({ inputs, outputs }: Node): string {
  const list = (values: readonly Value[]): string => [...new Set(values.map(({ dtype }) => dtype))].join(", ");
  return `${list(inputs)} -> ${list(outputs)}`;
}

function alone(node: Node, graph: Graph): OnnxModel {
  const constants = new Map<Value, OnnxTensor>();
  const fed = new Set<Value>();
  for (const value of node.inputs) {
    const data = graph.constantData(value);
    if (data === null) fed.add(value);
    else constants.set(value, { name: value.name, dtype: value.dtype, shape: value.shape, data: toBytes(data) });
  }
  const info = ({ name, dtype, shape }: Value): OnnxValueInfo => ({ name, dtype, shape });
  const names = (values: readonly Value[]): string[] => values.map(({ name }) => name);
  return {
    irVersion: 8,
    opset,
    producer: "talkface",
    metadata: {},
    graph: {
      name: node.op,
      nodes: [{ op: node.op, name: node.name, domain: "", inputs: names(node.inputs), outputs: names(node.outputs), attributes: node.attributes }],
      initializers: [...constants.values()],
      inputs: [...fed].map(info),
      outputs: node.outputs.map(info),
    },
  };
}

/** Numbers in 0.1 … 1, so that logarithms, roots and quotients are harmless; indices are 0. */
export function randomFeeds({ graph }: OnnxModel): Record<string, Tensor> {
  const random = new Random(1);
  const draw = (dtype: Dtype): number => (dtype === "uint8" ? random.integer(256) : dtype === "bool" ? random.integer(2) : dtype.startsWith("float") ? random.uniform(0.1, 1) : 0);
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const sizes = shape as number[];
      return [name, tensorOf(dtype, Array.from({ length: sizeOf(sizes) }, () => draw(dtype)), sizes)];
    }),
  );
}
