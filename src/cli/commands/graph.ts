/** `talkface graph`: writes any graph of any system as an ONNX file, with the real initial values beside it. */
import type { Command } from "commander";
import { TalkfaceError } from "../../base/errors.js";
import { refuseOverwrite, writeAtomic } from "../../base/files.js";
import type { Graph } from "../../graph/graph.js";
import { encodeModel } from "../../graph/onnx.js";
import { printGraph } from "../../graph/print.js";
import { initialValues, type ParamTable } from "../../nn/params.js";
import { lossGraph } from "../../systems/graphs.js";
import { paramTables } from "../../systems/phase-graph.js";
import { findSystem, systemNames } from "../../systems/registry.js";
import { stepGraph } from "../../systems/step-graph.js";
import type { Phase, System } from "../../systems/system.js";

interface Options {
  readonly system: string;
  readonly preset: string;
  readonly what: string;
  readonly phase?: string;
  readonly group?: string;
  readonly output?: string;
  readonly seed: string;
  readonly listGroups?: boolean;
  readonly print?: boolean;
  readonly force?: boolean;
}

export function registerGraph(program: Command): void {
  program
    .command("graph")
    .description("write a graph of a system as ONNX: forward, grad or the whole training step")
    .requiredOption("--system <name>", `system: ${systemNames().join(", ")}`)
    .option("--preset <name>", "sizes of the networks", "default")
    .option("--what <kind>", "forward, grad (inputs theta and batch, outputs loss and grad) or step", "grad")
    .option("--phase <name>", "phase of training (default: the first in which the group learns)")
    .option("--group <name>", "group of parameters (default: the system's first)")
    .option("-o, --output <file>", "ONNX file to write; FILE.theta.f32 gets the initial values")
    .option("--seed <n>", "seed of the initial values", "0")
    .option("--list-groups", "print the groups and their numbers of parameters")
    .option("--print", "print the graph, a line per node")
    .option("--force", "overwrite")
    .addHelpText("after", "\nExample:\n  talkface graph --system et-gan-acw --preset tiny --what grad --group generator -o grad.onnx")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const system = findSystem(options.system);
  const config = system.presets[options.preset];
  if (config === undefined) throw new TalkfaceError("usage", `--preset ${options.preset}: ${system.name} has ${Object.keys(system.presets).join(", ")}.`);
  const tables = paramTables(system, config);
  if (options.listGroups === true) {
    for (const [group, { size }] of tables) process.stdout.write(`${group} ${size}\n`);
    return;
  }
  const group = options.group ?? (system.groups[0] as string);
  const table = tables.get(group);
  if (table === undefined) throw new TalkfaceError("usage", `--group ${group}: ${system.name} has ${system.groups.join(", ")}.`);
  const graph = build(system, config, pickPhase(system, options.phase, group), group, options.what);
  if (options.print === true) process.stdout.write(`${printGraph(graph)}\n`);
  if (options.output !== undefined) await write(options.output, graph, table, Number(options.seed), options.force === true);
  else if (options.print !== true) throw new TalkfaceError("usage", "graph: nothing to do. Give -o FILE.onnx, --print or --list-groups.");
}

function pickPhase(system: System, name: string | undefined, group: string): Phase<unknown> {
  const phase = system.phases.find((p) => (name === undefined ? p.groups.includes(group) : p.name === name));
  if (phase === undefined) throw new TalkfaceError("usage", `--phase ${name ?? ""}: ${system.name} has ${system.phases.map((p) => p.name).join(", ")}.`);
  return phase;
}

function build(system: System, config: unknown, phase: Phase<unknown>, group: string, what: string): Graph {
  if (what === "step") return stepGraph(system, config, phase);
  if (what === "forward" || what === "grad") return lossGraph(system, config, phase, group, what);
  throw new TalkfaceError("usage", `--what ${what}: expected forward, grad or step.`);
}

async function write(path: string, graph: Graph, table: ParamTable, seed: number, force: boolean): Promise<void> {
  await refuseOverwrite(path, force);
  const model = graph.toModel();
  const bytes = encodeModel(model);
  const theta = initialValues(table, seed);
  await writeAtomic(path, bytes);
  await writeAtomic(`${path}.theta.f32`, new Uint8Array(theta.buffer));
  process.stdout.write(`${path}: ${model.graph.nodes.length} nodes, ${bytes.length} bytes, ${table.size} parameters\n`);
}
