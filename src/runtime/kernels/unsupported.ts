/** Which nodes of a model a GPU provider leaves to the CPU, by the kernel tables: each costs two copies over the bus in every run. */
import type { Dtype, OnnxGraph, OnnxModel, OnnxNode } from "../../graph/onnx.js";
import { valueTypes } from "../../graph/value-types.js";
import type { GpuProvider } from "../devices.js";
import { cudaKernels } from "./cuda.js";
import { hasKernel, type KernelTable } from "./table.js";
import { webgpuKernels } from "./webgpu.js";

export interface UnsupportedNode {
  readonly name: string;
  readonly op: string;
  /** Types of its inputs; null where they are not known. */
  readonly types: readonly (Dtype | null)[];
  /** It computes with shapes and constants only, which the CPU holds anyway: nothing is copied. */
  readonly isHarmless: boolean;
}

const tables: Readonly<Record<GpuProvider, KernelTable>> = { cuda: cudaKernels, webgpu: webgpuKernels };

/** Nodes without a kernel, those of subgraphs too. */
export function unsupportedNodes(model: OnnxModel, provider: GpuProvider): UnsupportedNode[] {
  return look(model.graph, tables[provider], model.opset, new Map(), new Set());
}

/** At most this many are named in a sentence. */
const named = 4;

/** A sentence for a session of which the provider left nodes to the CPU. */
export function describeFallback(model: OnnxModel, provider: GpuProvider): string {
  const nodes = unsupportedNodes(model, provider).filter(({ isHarmless }) => !isHarmless);
  const list = nodes.slice(0, named).map(({ op, types, name }) => `${op}(${types.map((type) => type ?? "?").join(", ")}) "${name}"`);
  const rest = nodes.length > named ? ` and ${nodes.length - named} more` : "";
  const which = nodes.length === 0 ? "some nodes, though its kernels are known for all of them" : `${list.join(", ")}${rest}`;
  return `${provider} leaves to the CPU, with two copies in every run: ${which}. \`talkface doctor --device ${provider}\` tests each operator.`;
}

/** `outerHost` are the values that the CPU holds without any copy. */
function look(graph: OnnxGraph, table: KernelTable, opset: number, outer: ReadonlyMap<string, Dtype>, outerHost: ReadonlySet<string>): UnsupportedNode[] {
  const types = valueTypes(graph, outer);
  const onHost = new Set([...outerHost, ...graph.initializers.map(({ name }) => name)]);
  return graph.nodes.flatMap((node): UnsupportedNode[] => {
    const inner = bodies(node).flatMap((body) => look(body, table, opset, types, onHost));
    const isHost = node.op === "Shape" || node.op === "Size" || node.op === "Constant" || node.inputs.every((name) => name === "" || onHost.has(name));
    if (isHost) for (const name of node.outputs) onHost.add(name);
    const inputs = node.inputs.map((name) => types.get(name) ?? null);
    const isServed = node.op === "Constant" || (node.domain === "" && hasKernel(table, node.op, opset, inputs));
    return isServed ? inner : [{ name: node.name, op: node.op, types: inputs, isHarmless: isHost }, ...inner];
  });
}

function bodies(node: OnnxNode): OnnxGraph[] {
  return Object.values(node.attributes).flatMap((attribute) => (attribute.kind === "graph" ? [attribute.value] : []));
}
