/** `talkface graph`: any graph of any system as an ONNX file with the real initial values beside it, as text, or as a bill of costs. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { TalkfaceError } from "../../base/errors.js";
import { refuseOverwrite, writeAtomic } from "../../base/files.js";
import { graphCost } from "../../graph/cost/cost.js";
import type { Graph } from "../../graph/graph.js";
import { encodeModel } from "../../graph/onnx.js";
import { printGraph } from "../../graph/print.js";
import { initialValues, type ParamTable } from "../../nn/params.js";
import { deployedGraph, lossGraph } from "../../systems/graphs.js";
import { paramTables } from "../../systems/phase-graph.js";
import { findSystem, systemNames } from "../../systems/registry.js";
import { stepGraph } from "../../systems/step-graph.js";
import type { Phase, System } from "../../systems/system.js";
import { parametersByModule, summaryJson, summaryTable } from "../graph-summary.js";

interface Options {
  readonly system: string;
  readonly preset: string;
  readonly what: "forward" | "grad" | "step";
  readonly network?: string;
  readonly phase?: string;
  readonly group?: string;
  readonly output?: string;
  readonly seed: number;
  readonly depth: number;
  readonly listGroups?: boolean;
  readonly print?: boolean;
  readonly summary?: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerGraph(program: Command): void {
  program
    .command("graph")
    .description("write a graph of a system as ONNX, print it, or say what it costs")
    .requiredOption("--system <name>", `system: ${systemNames().join(", ")}`)
    .option("--preset <name>", "sizes of the networks", "default")
    .addOption(new Option("--what <kind>", "forward, grad (inputs theta and batch, outputs loss and grad) or step").choices(["forward", "grad", "step"]).default("grad"))
    .option("--phase <name>", "phase of training (default: the first in which the group learns)")
    .option("--group <name>", "group of parameters (default: the system's first)")
    .option("--network <name>", "with --what forward: a deployed network, with initial weights, instead of a phase")
    .option("-o, --output <file>", "ONNX file to write; FILE.theta.f32 (and FILE.theta.GROUP.f32) get the initial values")
    .option("--seed <n>", "seed of the initial values", whole, 0)
    .option("--list-groups", "print the groups, their numbers of parameters and the phases in which they learn, or frozen")
    .option("--print", "print the graph, a line per node")
    .option("--summary", "print operations, memory, operators and parameters by module")
    .option("--depth <n>", "with --summary: levels of modules", whole, 2)
    .option("--json", "with --summary or --list-groups: print JSON")
    .option("--force", "overwrite")
    .addHelpText(
      "after",
      "\nExamples:\n  talkface graph --system et-gan-acw --preset tiny --what grad --group generator -o grad.onnx" +
        "\n  talkface graph --system et-gan-acw --what step --phase render --summary --depth 1",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const system = findSystem(options.system);
  const config = system.presets[options.preset];
  if (config === undefined) throw new TalkfaceError("usage", `--preset ${options.preset}: ${system.name} has ${Object.keys(system.presets).join(", ")}.`);
  if (options.listGroups !== true && options.print !== true && options.summary !== true && options.output === undefined) {
    throw new TalkfaceError("usage", "graph: nothing to do. Give -o FILE.onnx, --print, --summary or --list-groups.");
  }
  if (options.json === true && options.listGroups !== true && options.summary !== true) throw new TalkfaceError("usage", "--json: goes with --summary or --list-groups.");
  if (options.output !== undefined) await refuseOverwrite(options.output, options.force === true);
  const choice = choose(system, options);
  const tables = paramTables(system, config);
  if (options.listGroups === true) {
    process.stdout.write(listGroups(system, tables, options.json === true));
    return;
  }
  const graph = choice(config, tables);
  if (options.print === true) process.stdout.write(printGraph(graph));
  if (options.summary === true) process.stdout.write(summarize(graph, tables, options));
  if (options.output !== undefined) await write(options.output, graph, tables, options);
}

function listGroups(system: System, tables: ReadonlyMap<string, ParamTable>, json: boolean): string {
  const groups = [...tables].map(([group, { size }]) => ({ group, parameters: size, phases: system.phases.filter((phase) => phase.groups.includes(group)).map(({ name }) => name) }));
  return json ? `${JSON.stringify(groups, null, 2)}\n` : groups.map(({ group, parameters, phases }) => `${group} ${parameters} ${phases.join(",") || "frozen"}\n`).join("");
}

function summarize(graph: Graph, tables: ReadonlyMap<string, ParamTable>, { depth, json }: Options): string {
  const [cost, parameters] = [graphCost(graph, depth), parametersByModule(tables.values(), depth)];
  return json === true ? `${JSON.stringify(summaryJson(cost, parameters, tables), null, 2)}\n` : summaryTable(cost, parameters, tables);
}

/** Checks what is asked for, which is quick, and says how to build it, which is not. */
function choose(system: System, options: Options): (config: unknown, tables: ReadonlyMap<string, ParamTable>) => Graph {
  const { what } = options;
  if (options.network !== undefined) return chooseNetwork(system, options);
  const group = options.group ?? (system.groups[0] as string);
  if (!system.groups.includes(group)) throw new TalkfaceError("usage", `--group ${group}: ${system.name} has ${system.groups.join(", ")}.`);
  const phase = pickPhase(system, options.phase, group);
  return (config) => (what === "step" ? stepGraph(system, config, phase) : lossGraph(system, config, phase, group, what));
}

function pickPhase(system: System, name: string | undefined, group: string): Phase<unknown> {
  const phase = system.phases.find((p) => (name === undefined ? p.groups.includes(group) : p.name === name));
  if (phase === undefined) throw new TalkfaceError("usage", `--phase ${name ?? ""}: ${system.name} has ${system.phases.map((p) => p.name).join(", ")}.`);
  return phase;
}

/** Deployed networks belong to the first group. */
function chooseNetwork(system: System, options: Options): (config: unknown, tables: ReadonlyMap<string, ParamTable>) => Graph {
  if (options.what !== "forward" || options.phase !== undefined || options.group !== undefined) {
    throw new TalkfaceError("usage", "--network: goes with --what forward, without --phase and --group.");
  }
  const network = system.networks.find(({ name }) => name === options.network);
  if (network === undefined) throw new TalkfaceError("usage", `--network ${options.network ?? ""}: ${system.name} has ${system.networks.map(({ name }) => name).join(", ")}.`);
  return (config, tables) => {
    const table = tables.get(system.groups[0] as string) as ParamTable;
    return deployedGraph(system, config, network, initialValues(table, options.seed), initialValues(table.state, options.seed));
  };
}

/** The model, and beside it the initial values of every vector of parameters that it takes. */
async function write(path: string, graph: Graph, tables: ReadonlyMap<string, ParamTable>, options: Options): Promise<void> {
  const model = graph.toModel();
  const bytes = encodeModel(model);
  await writeAtomic(path, bytes);
  const vectors = graph.inputs.flatMap(({ name }) => {
    const group = name === "theta" ? (options.group ?? [...tables.keys()][0]!) : name.startsWith("theta.") ? name.slice("theta.".length) : "";
    const table = tables.get(group);
    return table === undefined ? [] : [{ name, values: initialValues(table, options.seed) }];
  });
  for (const { name, values } of vectors) await writeAtomic(`${path}.${name}.f32`, new Uint8Array(values.buffer));
  const parameters = vectors.reduce((total, { values }) => total + values.length, 0);
  const line = `${path}: ${model.graph.nodes.length} nodes, ${bytes.length} bytes, ${parameters} parameters\n`;
  // stdout belongs to the listing or the JSON where one is asked for
  (options.print === true || options.summary === true ? process.stderr : process.stdout).write(line);
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}
