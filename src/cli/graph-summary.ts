/** What a graph costs, as a table for people and as plain values for machines. */
import type { GraphCost, Work } from "../graph/cost/cost.js";
import type { ParamTable } from "../nn/params.js";

const columns = ["module", "parameters", "nodes", "forward MFLOP", "gradient MFLOP", "MB moved"] as const;

/** `parameters`: numbers of parameters by module path, cut to the same depth as the cost. */
export function summaryTable(cost: GraphCost, parameters: ReadonlyMap<string, number>, tables: ReadonlyMap<string, ParamTable>): string {
  const row = (name: string, count: number | undefined, work: Work): string[] => [
    name,
    count === undefined ? "" : String(count),
    String(work.nodes),
    millions(work.forwardOperations),
    millions(work.gradientOperations),
    millions(work.bytesMoved),
  ];
  const rows = [[...columns], ...[...cost.modules].map(([path, work]) => row(path === "" ? "(no module)" : path, parameters.get(path), work)), row("total", undefined, cost)];
  const widths = columns.map((_, i) => Math.max(...rows.map((cells) => cells[i]!.length)));
  const table = rows.map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ").trimEnd());
  const { memory } = cost;
  return [
    ...table,
    "",
    `operators: ${Object.entries(cost.operators).map(([op, n]) => `${op} ${n}`).join(", ")}`,
    `memory: constants ${megabytes(memory.weightBytes)}, inputs ${megabytes(memory.inputBytes)}, outputs ${megabytes(memory.outputBytes)}`,
    `activations: at most ${megabytes(memory.peakActivationBytes)} at one time, at ${memory.peakNode === "" ? "no node" : memory.peakNode}`,
    `parameters: ${[...tables].map(([group, { size }]) => `${group} ${size}`).join(", ")}`,
    "",
  ].join("\n");
}

/** Numbers of parameters by module path down to a depth. */
export function parametersByModule(tables: Iterable<ParamTable>, depth: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, shape } of [...tables].flatMap(({ specs }) => specs)) {
    const path = name.split("/").slice(0, -1).slice(0, depth).join("/");
    counts.set(path, (counts.get(path) ?? 0) + shape.reduce((product, n) => product * n, 1));
  }
  return counts;
}

/** The same as plain values: operations and bytes as they are. */
export function summaryJson(cost: GraphCost, parameters: ReadonlyMap<string, number>, tables: ReadonlyMap<string, ParamTable>): Record<string, unknown> {
  const { modules, ...rest } = cost;
  return {
    ...rest,
    modules: Object.fromEntries([...modules].map(([path, work]) => [path, { ...work, parameters: parameters.get(path) ?? 0 }])),
    parameters: Object.fromEntries([...tables].map(([group, { size }]) => [group, size])),
  };
}

function millions(n: number): string {
  return (n / 1e6).toFixed(n >= 1e8 ? 0 : 2);
}

function megabytes(n: number): string {
  return `${(n / 1e6).toFixed(1)} MB`;
}
