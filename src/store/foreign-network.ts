/** Networks in ONNX files that a user brings: checked for what they take and give, with names of ours and nothing of the file but its graph. */
import { TalkfaceError } from "../base/errors.js";
import { readBytes } from "../base/files.js";
import { decodeModel, type OnnxModel, type OnnxValueInfo } from "../graph/onnx.js";

/** What a network must be. */
export interface Expected {
  readonly name: string;
  /** [N=1,C,H,W]; the file may leave N open. */
  readonly input: readonly [number, number, number, number];
  /** Numbers of the output; axes of one are ignored. */
  readonly output: number;
}

/** 0 stands for a size that the file leaves open. */
const sizes = ({ shape }: OnnxValueInfo): number[] => shape.map((size) => (typeof size === "number" ? Math.max(0, size) : 0));

/**
 * The network of an .onnx file: one float32 input, the first float32 output with the right number of values. Throws `missing-file`, `bad-model` with what was
 * found and what is expected. The names of input and output are the file's.
 */
export async function readForeignNetwork(path: string, expected: Expected): Promise<OnnxModel> {
  const model = decodeModel(await readBytes(path, { code: "bad-model" }), path);
  const weights = new Set(model.graph.initializers.map(({ name }) => name));
  const inputs = model.graph.inputs.filter(({ name }) => !weights.has(name));
  const input = inputs[0];
  if (inputs.length !== 1 || input === undefined || input.dtype !== "float32" || !fits(sizes(input), expected.input)) {
    throw refusal(path, expected, `takes ${list(inputs)}`);
  }
  const output = model.graph.outputs.find(({ dtype, shape }) => dtype === "float32" && isVector(sizes({ name: "", dtype, shape }), expected.output));
  if (output === undefined) throw refusal(path, expected, `gives ${list(model.graph.outputs)}`);
  return {
    ...model,
    producer: "",
    metadata: {},
    graph: { ...model.graph, inputs: [{ ...input, shape: [...expected.input] }], outputs: [{ ...output, shape: [1, ...output.shape.slice(1)] }] },
  };
}

function fits(found: readonly number[], wanted: readonly number[]): boolean {
  // A batch that the file leaves open, or of one; the other sizes may be left open too.
  return found.length === wanted.length && found.every((size, axis) => size === wanted[axis] || size === 0);
}

/** [N,V], [N,V,1,1] and the like: a batch of one or open, then V values along one axis. */
function isVector(found: readonly number[], values: number): boolean {
  return found.length >= 2 && found[0]! <= 1 && found[1] === values && found.slice(2).every((size) => size === 1);
}

function list(infos: readonly OnnxValueInfo[]): string {
  return infos.length === 0 ? "nothing" : infos.map(({ name, dtype, shape }) => `"${name.slice(0, 60)}" ${dtype} [${shape.join(", ")}]`).join(" and ").slice(0, 400);
}

function refusal(path: string, { name, input, output }: Expected, found: string): TalkfaceError {
  return new TalkfaceError("bad-model", `${path}: the network ${found}; ${name} takes one picture float32 [1, ${input.slice(1).join(", ")}] and gives [1, ${output}]. Export it with these shapes.`);
}
