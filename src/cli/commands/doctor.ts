/** `talkface doctor`: what works on this machine, and what to do about the rest; with `--device`, whether a device computes all of it. */
import type { Command } from "commander";
import { exitStatus, TalkfaceError } from "../../base/errors.js";
import type { Device, Provider } from "../../runtime/devices.js";
import { examineMachine, type Finding } from "../doctor/checks.js";

interface Flags {
  readonly device?: string;
  readonly json?: boolean;
}

export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check Node, ffmpeg, compute devices, face networks and models: what works, what to do")
    .option("--device <name>", "test a device instead, cpu, cuda or webgpu: every operator that the systems use, then every tiny training step and network, against the CPU")
    .option("--json", "findings as JSON on stdout")
    .addHelpText("after", "\nExamples:\n  talkface doctor\n  talkface doctor --json\n  talkface doctor --device cuda\n\nExit status 1 when something that is needed does not work.")
    .action(async (flags: Flags) => {
      const works = flags.device === undefined ? await examineAll(flags.json === true) : await examineDevice(flags.device, flags.json === true);
      if (!works) process.exitCode = exitStatus.failed;
    });
}

async function examineAll(json: boolean): Promise<boolean> {
  const findings: Finding[] = [];
  for await (const finding of examineMachine()) {
    findings.push(finding);
    if (!json) process.stdout.write(lines(finding));
  }
  const works = !findings.some(({ status }) => status === "failed");
  if (json) process.stdout.write(`${JSON.stringify({ works, findings }, null, 2)}\n`);
  else process.stdout.write(works ? "talkface can work here.\n" : "Something that talkface needs does not work.\n");
  return works;
}

/** Rows are printed as they come: where a driver takes the process with it, the last one tells after what. */
async function examineDevice(name: string, json: boolean): Promise<boolean> {
  const { parseDevice, probeDevice } = await import("../../runtime/devices.js");
  const provider = requireProvider(parseDevice(name));
  const { available, missing, remedy } = await probeDevice(provider);
  if (!available) throw new TalkfaceError("device", `${provider} is not available: ${missing}. ${remedy}`);
  const { examineGraphs, examineOperators } = await import("../doctor/device.js");
  const say = (text: string): void => void (json || process.stdout.write(`${text}\n`));

  const operators = [];
  for await (const result of examineOperators(provider)) {
    operators.push(result);
    if (result.problem !== "") say(`failed   ${result.op} (${result.types})\n${indent}${result.where}\n${indent}${result.problem}`);
  }
  const operatorsFailed = operators.filter(({ problem }) => problem !== "").length;
  say(`${operators.length - operatorsFailed} of ${operators.length} operators pass`);

  const graphs = [];
  for await (const result of examineGraphs(provider)) {
    graphs.push(result);
    const { error, milliseconds } = result;
    const figures = error === null || milliseconds === null ? "" : `relative error ${error.toExponential(1)}, ${milliseconds.toFixed(0)} ms`;
    say(`${(result.problem === "" ? "ok" : "failed").padEnd(8)} ${result.graph.padEnd(40)} ${figures}${result.problem === "" ? "" : `\n${indent}${result.problem}`}`);
  }
  const graphsFailed = graphs.filter(({ problem }) => problem !== "").length;
  say(`${graphs.length - graphsFailed} of ${graphs.length} graphs pass`);
  const works = operatorsFailed + graphsFailed === 0;
  if (json) process.stdout.write(`${JSON.stringify({ works, device: provider, operatorsPassed: operators.length - operatorsFailed, operators, graphs }, null, 2)}\n`);
  return works;
}

function requireProvider(device: Device): Provider {
  if (device === "auto") throw new TalkfaceError("usage", "--device auto: name the device to test: cpu, cuda or webgpu.");
  return device;
}

const indent = " ".repeat(9);

function lines({ name, status, detail, remedy }: Finding): string {
  return `${status.padEnd(8)} ${name.padEnd(18)} ${detail}\n${remedy === "" ? "" : `${" ".repeat(28)}${remedy}\n`}`;
}
