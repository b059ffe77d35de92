/**
 * Rewriting for the WebGPU provider of ONNX Runtime: the same function, made of nodes that it runs rightly. Each rule is for
 * something seen on onnxruntime-node 1.30; `talkface doctor --device webgpu` shows what a later version still needs.
 */
import { TalkfaceError } from "../base/errors.js";
import { arrayOf, toBytes } from "./dtype.js";
import { dtypeNumbers } from "./onnx-schema.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from "./onnx.js";
import { StaticShapes } from "./static-shapes.js";

/** The model as WebGPU runs it; returned as it is where nothing needs to change. */
export function forWebGpu(model: OnnxModel): OnnxModel {
  const draft = new Draft(model.graph);
  const nodes = model.graph.nodes.flatMap((node) => (node.domain === "" ? (rules[node.op]?.(node, draft) ?? [node]) : [node]));
  if (draft.added.size === 0) return model;
  return { ...model, graph: { ...model.graph, nodes, initializers: [...model.graph.initializers, ...draft.added.values()] } };
}

/** The nodes in place of one, or null where it may stay. */
type Rule = (node: OnnxNode, draft: Draft) => OnnxNode[] | null;

const rules: Readonly<Partial<Record<string, Rule>>> = { Split: sliceWideSplit, Conv: convolution, Cast: flattenBytes };

/** Splits of more outputs fail at run: seen from 12 on. */
const mostSplitOutputs = 8;

/** A training step cuts `theta` into all its parameters with one Split; only parts that something reads are sliced. */
function sliceWideSplit(node: OnnxNode, draft: Draft): OnnxNode[] | null {
  const sizes = draft.integers(node.inputs[1]);
  if (node.outputs.length <= mostSplitOutputs || sizes === null) return null;
  const axis = draft.indices([intAttribute(node, "axis", 0)]);
  let end = 0;
  return node.outputs.flatMap((output, i) => {
    const start = end;
    end += sizes[i]!;
    if (!draft.isUsed(output)) return [];
    return [made("Slice", `${node.name}/${i}`, [node.inputs[0]!, draft.indices([start]), draft.indices([end]), axis], output)];
  });
}

/** The shader of grouped convolutions computes this many output channels at once, and takes the input of the first one's group for all. */
const channelsAtOnce = 4;

function convolution(node: OnnxNode, draft: Draft): OnnxNode[] | null {
  const groups = intAttribute(node, "group", 1);
  const shape = draft.shapeOf(node.inputs[1]!);
  // rather no answer than a wrong one
  if (shape === null) throw new TalkfaceError("bad-model", `convolution "${node.name}": the shape of its weight is not known beforehand, and WebGPU computes those of some shapes wrongly. Choose --device cpu.`);
  if (groups === 1) return fillInputs(node, shape, draft);
  return shape.length > 4 ? oneByOne(node, groups, shape, draft) : alignGroups(node, groups, shape[0]!, draft);
}

/** Of 6, 9, 15, ... input channels and a multiple of 4 output channels all come out wrong, without any error: zeros fill them up to a multiple of 4. */
function fillInputs(node: OnnxNode, [outputs = 0, inputs = 0, ...kernel]: readonly number[], draft: Draft): OnnxNode[] | null {
  if (kernel.length > 2 || inputs <= 3 || inputs % 3 !== 0 || inputs % 4 === 0 || outputs % 4 !== 0) return null;
  const filled = (value: string, part: string): OnnxNode => {
    const before = [0, 0, ...kernel.map(() => 0)];
    return made("Pad", `${node.name}/filled_${part}`, [value, draft.indices([...before, ...before.with(1, 4 - (inputs % 4))])], `${node.name}/filled_${part}`);
  };
  const parts = [filled(node.inputs[0]!, "input"), filled(node.inputs[1]!, "weight")];
  return [...parts, { ...node, inputs: [...parts.map((part) => part.outputs[0]!), ...node.inputs.slice(2)] }];
}

/** In three dimensions groups are refused at run: every group becomes a convolution of its own. */
function oneByOne(node: OnnxNode, groups: number, [channels = 0, inputs = 0]: readonly number[], draft: Draft): OnnxNode[] {
  const [x, weight, bias] = node.inputs as [string, string, string | undefined];
  const cut = (value: string, part: string, axis: number, each: number, i: number): OnnxNode =>
    made("Slice", part, [value, draft.indices([i * each]), draft.indices([(i + 1) * each]), draft.indices([axis])], part);
  const outputs = Array.from({ length: groups }, (_, i) => `${node.name}/group${i}`);
  const each = outputs.flatMap((output, i) => {
    const parts = [cut(x, `${output}/input`, 1, inputs, i), cut(weight, `${output}/weight`, 0, channels / groups, i)];
    if (bias !== undefined && bias !== "") parts.push(cut(bias, `${output}/bias`, 0, channels / groups, i));
    return [...parts, { ...node, name: output, inputs: parts.map((part) => part.outputs[0]!), outputs: [output], attributes: { ...node.attributes, group: { kind: "int" as const, value: 1 } } }];
  });
  return [...each, made("Concat", node.name, outputs, node.outputs[0]!, { axis: { kind: "int", value: 1 } })];
}

/**
 * Of a grouped convolution with 5, 6, 7, 9, … output channels a group some come out wrong, without any error: they are filled up to a
 * multiple of four by repeating a channel, and taken out again.
 */
function alignGroups(node: OnnxNode, groups: number, channels: number, draft: Draft): OnnxNode[] | null {
  const [x, weight, bias] = node.inputs as [string, string, string | undefined];
  const each = channels / groups;
  if (each <= channelsAtOnce || each % channelsAtOnce === 0) return null;
  const filled = Math.ceil(each / channelsAtOnce) * channelsAtOnce;
  const from = draft.indices(Array.from({ length: groups * filled }, (_, i) => Math.floor(i / filled) * each + Math.min(i % filled, each - 1)));
  const back = draft.indices(Array.from({ length: channels }, (_, i) => Math.floor(i / each) * filled + (i % each)));
  const hasBias = bias !== undefined && bias !== "";
  const wide = (part: string): string => `${node.name}/wide_${part}`;
  const gather = (part: string, value: string, by: string, axis: number, output: string): OnnxNode => made("Gather", wide(part), [value, by], output, { axis: { kind: "int", value: axis } });
  return [
    gather("weight", weight, from, 0, wide("weight")),
    ...(hasBias ? [gather("bias", bias, from, 0, wide("bias"))] : []),
    { ...node, inputs: [x, wide("weight"), ...(hasBias ? [wide("bias")] : [])], outputs: [wide("output")] },
    gather("output", wide("output"), back, 1, node.outputs[0]!),
  ];
}

/**
 * The layout optimizer of ONNX Runtime moves transposes behind a Cast, and there is none for bytes: the picture that a network returns would
 * be transposed on the CPU. Nothing moves past a Reshape.
 */
function flattenBytes(node: OnnxNode, draft: Draft): OnnxNode[] | null {
  const [output] = node.outputs as [string];
  const shape = draft.shapeOf(output);
  if (intAttribute(node, "to", 0) !== dtypeNumbers.uint8 || shape === null) return null;
  const [flat, bytes] = [`${node.name}/flat`, `${node.name}/bytes`];
  return [made("Reshape", flat, [node.inputs[0]!, draft.indices([-1])], flat), { ...node, inputs: [flat], outputs: [bytes] }, made("Reshape", bytes, [bytes, draft.indices(shape)], output)];
}

function made(op: string, name: string, inputs: readonly string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { op, name, domain: "", inputs, outputs: [output], attributes };
}

function intAttribute(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

/** What rules ask of the graph, and the constants that they add. */
class Draft extends StaticShapes {
  readonly added = new Map<string, OnnxTensor>();
  readonly #used: ReadonlySet<string>;

  constructor(graph: OnnxGraph) {
    super(graph);
    this.#used = new Set([...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ name }) => name)]);
  }

  isUsed(name: string): boolean {
    return this.#used.has(name);
  }

  /** Name of a list of whole numbers; equal lists are one constant. */
  indices(numbers: readonly number[]): string {
    const name = `for_webgpu/${numbers.join("_")}`;
    this.added.set(name, { name, dtype: "int64", shape: [numbers.length], data: toBytes(arrayOf("int64", numbers)) });
    return name;
  }
}
