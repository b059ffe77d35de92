/** What a graph costs: arithmetic, bytes moved and memory, in total and by module. */
import type { Graph } from "../graph.js";
import type { DraftNode } from "../passes/draft.js";
import { simplify } from "../passes/simplify.js";
import { bytesOf, memoryCost, type MemoryCost } from "./memory.js";
import { operationsOf } from "./operations.js";

export interface Work {
  readonly nodes: number;
  /** Floating-point operations of the nodes as they were built, and of those that compute gradients. */
  readonly forwardOperations: number;
  readonly gradientOperations: number;
  /** Bytes that nodes read and write, views left out. */
  readonly bytesMoved: number;
}

export interface GraphCost extends Work {
  readonly memory: MemoryCost;
  /** Number of nodes by operator, most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  /** By module path, cut to the depth asked for, in order of first use. */
  readonly modules: ReadonlyMap<string, Work>;
}

/** Depth 1 tells the top modules apart. */
export function graphCost(graph: Graph, depth: number): GraphCost {
  const draft = simplify(graph);
  const modules = new Map<string, Work>();
  const counts = new Map<string, number>();
  let total = none;
  for (const node of draft.nodes) {
    const { path, isGradient } = moduleOf(node.name);
    const key = path.split("/").slice(0, depth).join("/");
    const work = workOf(node, isGradient);
    modules.set(key, sum(modules.get(key) ?? none, work));
    counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
    total = sum(total, work);
  }
  const operators = Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
  return { ...total, memory: memoryCost(draft, graph.inputs), operators, modules };
}

/**
 * Module path of a node: `gradient/decoder/up2/Conv_0/MatMul_1` belongs to `decoder/up2`, as does `decoder/up2/Conv_0`, whose gradient it
 * computes. Gradients of gradients count as gradients.
 */
export function moduleOf(name: string): { readonly path: string; readonly isGradient: boolean } {
  const parts = name.split("/");
  const start = parts.findIndex((part) => part !== "gradient");
  const inner = parts.slice(start);
  while (inner.length > 0 && /^([A-Z][A-Za-z0-9]*|stop_gradient|scale_gradient:[^/]*)_\d+$/.test(inner.at(-1)!)) inner.pop();
  return { path: inner.join("/"), isGradient: start > 0 };
}

const none: Work = { nodes: 0, forwardOperations: 0, gradientOperations: 0, bytesMoved: 0 };

function workOf(node: DraftNode, isGradient: boolean): Work {
  const operations = operationsOf(node);
  const isView = node.op === "Reshape" || node.op === "Identity";
  const bytesMoved = isView ? 0 : [...new Set(node.inputs), ...node.outputs].reduce((total, value) => total + bytesOf(value), 0);
  return { nodes: 1, forwardOperations: isGradient ? 0 : operations, gradientOperations: isGradient ? operations : 0, bytesMoved };
}

function sum(a: Work, b: Work): Work {
  return {
    nodes: a.nodes + b.nodes,
    forwardOperations: a.forwardOperations + b.forwardOperations,
    gradientOperations: a.gradientOperations + b.gradientOperations,
    bytesMoved: a.bytesMoved + b.bytesMoved,
  };
}
