/**
 * Runs on WebGPU and on the CPU and prints what came out as JSON: started by test/runtime/webgpu.test.ts in a process of its own, for a
 * WebGPU driver that gives up takes the process with it.
 */
import { Random } from "../../src/base/random.js";
import { gradient } from "../../src/graph/gradient.js";
import { Graph } from "../../src/graph/graph.js";
import type { OnnxModel } from "../../src/graph/onnx.js";
import { add, mul, sub } from "../../src/graph/ops/arithmetic.js";
import { leakyRelu } from "../../src/graph/ops/activation.js";
import { cast } from "../../src/graph/ops/compare.js";
import { conv } from "../../src/graph/ops/conv.js";
import { reshape, split, transpose } from "../../src/graph/ops/layout.js";
import { mean } from "../../src/graph/ops/reduce.js";
import { sizeOf } from "../../src/graph/shape.js";
import type { Provider } from "../../src/runtime/devices.js";
import { createSession } from "../../src/runtime/session.js";
import { StatefulSession } from "../../src/runtime/stateful-session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import { everyGraph } from "../../src/systems/every-graph.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem, systemNames } from "../../src/systems/registry.js";
import { initialState } from "../../src/train/state.js";
import { openRunner } from "../../src/train/step/open.js";
import { normals } from "./gradcheck.js";
import { toySystem } from "./toy-system.js";

const random = new Random(3);
const uniform = (shape: readonly number[]): Tensor => floats(Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-0.5, 0.5)), shape);

/** Six layers of a kernel and a bias each: 12 parts of theta, more than a Split may have. A layer in groups of 5 channels, one that takes 6; pictures of bytes. */
const layers: readonly (readonly [channels: number, inputs: number, groups: number])[] = [[4, 3, 1], [20, 4, 4], [6, 20, 1], [4, 6, 1], [4, 4, 1], [3, 4, 1]];
const shapes = layers.flatMap(([m, c, groups]) => [[m, c / groups, 3, 3], [m]]);
const thetaShape = [shapes.reduce((sum, shape) => sum + sizeOf(shape), 0)];

/** Gradient descent with momentum: `theta` and `m` in, `next.theta` and `next.m` out, and the loss. */
function trainingStep(): OnnxModel {
  const graph = new Graph("step");
  const theta = graph.input("theta", thetaShape);
  const m = graph.input("m", thetaShape);
  const pictures = graph.input("pictures", [2, 8, 8, 3], "uint8");
  const parts = split(theta, shapes.map(sizeOf), 0).map((part, i) => reshape(part, shapes[i]!));
  const first = mul(transpose(cast(pictures, "float32"), [0, 3, 1, 2]), 1 / 255);
  const last = layers.reduce((x, [channels, , groups], i) => leakyRelu(add(conv(x, parts[2 * i]!, { pad: 1, groups }), reshape(parts[2 * i + 1]!, [channels, 1, 1])), 0.2), first);
  const error = sub(last, first);
  const loss = mean(mul(error, error));
  const next = add(mul(m, 0.9), gradient(loss, [theta])[0]!);
  graph.output("next.m", next);
  graph.output("next.theta", sub(theta, mul(next, 0.05)));
  graph.output("loss", loss);
  return graph.toModel();
}

async function train(device: Provider, start: Tensor, pictures: Tensor): Promise<{ readonly losses: number[]; readonly state: Record<string, Tensor>; readonly again: number }> {
  const pairs = ["theta", "m"].map((input) => ({ input, output: `next.${input}` }));
  const session = await StatefulSession.open(trainingStep(), pairs, { device, training: true, threads: 1, where: "tiny step" });
  session.write({ theta: start, m: floats(new Float32Array(thetaShape[0]!), thetaShape) });
  const losses: number[] = [];
  const step = async (): Promise<number> => Number((await session.run({ pictures }))["loss"]!.data[0]);
  for (let i = 0; i < 4; i++) losses.push(await step());
  const state = await session.read();
  // written back, the state goes on as it would have done
  session.write(state);
  const again = await step();
  await session.release();
  return { losses, state, again };
}

/** Updates of the toy system by the runner that `talkface train` takes there; the losses, and the weights that come back in the end. */
async function updates(device: Provider): Promise<{ readonly losses: number[]; readonly theta: Tensor }> {
  const system = toySystem(false); // what a norm takes out has a gradient of noise alone, which Adam scales up
  const state = initialState(paramTables(system, 4), defaultRule, 1);
  const runner = await openRunner({ system, config: 4, phase: system.phases[0]!, rule: defaultRule, device, accumulate: 1, stepsPerRun: 1 }, state);
  const drawn = new Random(5);
  const losses: number[] = [];
  for (let step = 1; step <= 4; step++) {
    const batch = { x: floats(normals(drawn, 12), [4, 3]), y: floats(normals(drawn, 8), [4, 2]) };
    losses.push((await runner.run([batch], [{ step, rate: 0.01, memory: 0.9 }]))[0]!["loss.net"]!);
  }
  await runner.collect?.();
  await runner.close();
  const theta = state.get("theta.net") as Float32Array;
  return { losses, theta: floats(theta, [theta.length]) };
}

async function runOn(device: Provider, model: OnnxModel, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await createSession(model, { device, threads: 1 });
  const results = await session.run(feeds);
  await session.release();
  return results;
}

/** ‖a − b‖ / ‖a‖. */
function difference(a: Tensor, b: Tensor): number {
  let [distance, norm] = [0, 0];
  a.data.forEach((x, i) => {
    distance += (Number(x) - Number(b.data[i])) ** 2;
    norm += Number(x) ** 2;
  });
  return Math.sqrt(distance / norm);
}

const start = uniform(thetaShape);
const pictures: Tensor = { dtype: "uint8", shape: [2, 8, 8, 3], data: Uint8Array.from({ length: 384 }, () => random.integer(256)) };
const [cpu, gpu] = [await train("cpu", start, pictures), await train("webgpu", start, pictures)];

const [toyHere, toyThere] = [await updates("cpu"), await updates("webgpu")];

const system = findSystem(systemNames()[0]!);
const graphs = everyGraph(system, system.presets["tiny"]);
const speech = graphs.find(({ label }) => label === "network speech")!.build().toModel();
const mel = { mel: uniform(speech.graph.inputs[0]!.shape as number[]) };
const [here, there] = [await runOn("cpu", speech, mel), await runOn("webgpu", speech, mel)];

// sessions alone: what would run on the CPU is named on stderr (all other graphs: systems/kernels.test.ts and doctor --device webgpu)
for (const name of systemNames()) {
  const own = findSystem(name);
  for (const { label, kind, build } of everyGraph(own, own.presets["tiny"])) {
    if (kind === "network") await (await createSession(build().toModel(), { device: "webgpu", where: `${name} ${label}` })).release();
  }
}

process.stdout.write(
  JSON.stringify({
    losses: cpu.losses,
    lossDifference: Math.max(...[...cpu.losses, cpu.again].map((loss, i) => Math.abs(loss - [...gpu.losses, gpu.again][i]!) / loss)),
    thetaDifference: difference(cpu.state["theta"]!, gpu.state["theta"]!),
    momentDifference: difference(cpu.state["m"]!, gpu.state["m"]!),
    toyDifference: Math.max(difference(toyHere.theta, toyThere.theta), ...toyHere.losses.map((loss, i) => Math.abs(loss / toyThere.losses[i]! - 1))),
    speechDifference: difference(here["code"]!, there["code"]!),
  }),
);
