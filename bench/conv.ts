/**
 * The gradients of the convolutions that our networks train: each form of dX and dW by shape, and what the rule that picks
 * (src/graph/ops/conv-gradients.ts) gains over using one form everywhere. The shapes are those of the gradient graphs of the systems' default
 * presets and of Wav2Lip's generator, with fewer images.
 *
 * Processor milliseconds on one thread, best of alternating runs: a machine that others use too blurs wall time.
 * Arguments: --images 4 --runs 3, and words that the name of a shape must contain.
 */
import { parseArgs } from "node:util";
import { Random } from "../src/base/random.js";
import { Graph } from "../src/graph/graph.js";
import { convDataGradient, convWeightGradient, dataGradientForms, weightGradientForms } from "../src/graph/ops/conv-gradients.js";
import type { ConvShape } from "../src/graph/ops/conv.js";
import { show, sizeOf } from "../src/graph/shape.js";
import type { Node, Value } from "../src/graph/value.js";
import { createSession, type Session } from "../src/runtime/session.js";
import { floats, type Tensor } from "../src/runtime/tensor.js";
import { lossGraph } from "../src/systems/graphs.js";
import { findSystem, systemNames } from "../src/systems/registry.js";
import { gradientGraph } from "../src/systems/step-graph.js";
import { wav2lipSystem } from "./train-step/graphs.js";

/** A convolution x [N,C,…] -> y [N,M,…] with w [M,C/g,…]; a transposed one is the convolution that goes its way back. */
interface Layer {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly shape: ConvShape;
  /** Whether some layer of this shape needs the gradient of its input in these forms. */
  dataWanted: boolean;
  /** How many layers have it. */
  count: number;
}

type Times = Readonly<Record<string, number>>;

export async function run(args: readonly string[]): Promise<Record<string, number | string>> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { images: { type: "string", default: "4" }, runs: { type: "string", default: "3" } } });
  const [images, runs] = [Number(values.images), Number(values.runs)];
  const totals = new Map<string, number>();
  const add = (key: string, ms: number): void => void totals.set(key, (totals.get(key) ?? 0) + ms);
  for (const [name, layer] of layersOf(images)) {
    if (!positionals.every((word) => name.includes(word))) continue;
    const dw = await measure(weightForms(layer), [layer.x, layer.y], runs);
    const dx = layer.dataWanted ? await measure(dataForms(layer), [layer.y, layer.w], runs) : {};
    process.stdout.write(`${name.padEnd(58)} x${String(layer.count).padEnd(3)} ${text("dX", dx)}  ${text("dW", dw)}\n`);
    for (const [form, ms] of Object.entries(dw)) add(`dW ${form}`, ms * layer.count);
    for (const [form, ms] of Object.entries(dx)) add(`dX ${form}`, ms * layer.count);
  }
  const gain = (what: string, form: string): [string, string] => [`gain_over_${what}_${form.replaceAll(" ", "_")}`, (totals.get(`${what} ${form}`)! / totals.get(`${what} rule`)!).toFixed(2)];
  return Object.fromEntries([
    ...dataGradientForms.flatMap((form) => (totals.has(`dX ${form}`) ? [gain("dX", form)] : [])),
    ...weightGradientForms.flatMap((form) => (totals.has(`dW ${form}`) ? [gain("dW", form)] : [])),
  ]);
}

/** The convolutions in the forward parts of the gradient graphs, equal ones once. */
function layersOf(images: number): Map<string, Layer> {
  const graphs = systemNames().flatMap((name) => {
    const system = findSystem(name);
    const config = system.presets["default"];
    return config === undefined ? [] : system.phases.flatMap((phase) => phase.groups.map((group) => lossGraph(system, config, phase, group, "grad")));
  });
  const layers = new Map<string, Layer>();
  for (const node of [...graphs, gradientGraph(wav2lipSystem, 2, wav2lipSystem.phases[0]!)].flatMap((graph) => graph.nodes)) {
    if (!["Conv", "ConvTranspose"].includes(node.op) || node.name.startsWith("gradient")) continue;
    const layer = layerOf(node, images);
    const { kernel, stride, groups } = layer.shape;
    const name = `${show(layer.x)} -> ${show(layer.y)} k${kernel.join("x")} s${stride.join("x")}${groups > 1 ? ` g${groups}` : ""}`;
    const known = layers.get(name);
    if (known === undefined) layers.set(name, layer);
    else {
      known.count += 1;
      known.dataWanted ||= layer.dataWanted;
    }
  }
  return layers;
}

function layerOf({ op, inputs, outputs, attributes }: Node, images: number): Layer {
  const few = ([n = 0, ...rest]: readonly number[]): number[] => [Math.min(n, images), ...rest];
  const ints = (name: string): readonly number[] => attributes[name]!.value as readonly number[];
  const [x, w] = [inputs[0]!, inputs[1]!];
  const [from, to] = op === "Conv" ? [x, outputs[0]!] : [outputs[0]!, x];
  const shape = { kernel: ints("kernel_shape"), stride: ints("strides"), dilation: ints("dilations"), pads: ints("pads"), groups: attributes["group"]!.value as number };
  // the gradient that goes back through a transposed convolution is a convolution, which has one form
  return { x: few(from.shape), w: w.shape, y: few(to.shape), shape, dataWanted: op === "Conv" && x.producer !== null, count: 1 };
}

type Build = (a: Value, b: Value) => Value;

function dataForms({ x, shape }: Layer): Readonly<Record<string, Build>> {
  const build = (form?: (typeof dataGradientForms)[number]): Build => (dy, w) => convDataGradient(dy, w, x.slice(2), shape, form);
  return { ...Object.fromEntries(dataGradientForms.map((form) => [form, build(form)])), rule: build() };
}

function weightForms({ shape }: Layer): Readonly<Record<string, Build>> {
  const build = (form?: (typeof weightGradientForms)[number]): Build => (x, dy) => convWeightGradient(x, dy, shape, form);
  return { ...Object.fromEntries(weightGradientForms.map((form) => [form, build(form)])), rule: build() };
}

/** Best time of each form, taking turns; equal graphs are measured once, so that the rule is as quick as the form that it picks. */
async function measure(builds: Readonly<Record<string, Build>>, shapes: readonly (readonly number[])[], runs: number): Promise<Times> {
  const random = new Random(1);
  const [a, b] = shapes.map((shape) => floats(Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-0.5, 0.5)), shape)) as [Tensor, Tensor];
  const distinct = new Map<string, { readonly names: string[]; readonly session: Session; best: number }>();
  for (const [name, build] of Object.entries(builds)) {
    const graph = new Graph();
    graph.output("y", build(graph.input("a", a.shape), graph.input("b", b.shape)));
    const model = graph.toModel();
    const key = JSON.stringify(model.graph.nodes);
    const known = distinct.get(key);
    if (known !== undefined) known.names.push(name);
    else distinct.set(key, { names: [name], session: await createSession(model, { training: true, threads: 1 }), best: Infinity });
  }
  for (let i = 0; i <= runs; i++) {
    for (const each of distinct.values()) {
      const before = process.cpuUsage();
      await each.session.run({ a, b });
      const { user, system } = process.cpuUsage(before);
      if (i > 0) each.best = Math.min(each.best, (user + system) / 1000); // the first run allocates
    }
  }
  await Promise.all([...distinct.values()].map(({ session }) => session.release()));
  return Object.fromEntries([...distinct.values()].flatMap(({ names, best }) => names.map((name) => [name, best])));
}

function text(what: string, times: Times): string {
  return `${what} ${Object.entries(times).map(([form, ms]) => `${form} ${ms.toFixed(1)}`).join(", ") || "-"}`;
}
